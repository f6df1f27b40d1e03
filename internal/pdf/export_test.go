package pdf

// Work returns how many bytes were parsed, and how many came out of filters.
func (d *Document) Work() (parsed, decoded int64) { return d.work, d.decoded }

// PasswordHash is algorithm 2.B for the empty user password.
func PasswordHash(salt []byte, revision int64) []byte { return passwordHash(salt, revision) }
