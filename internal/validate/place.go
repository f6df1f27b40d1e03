package validate

// Country reports whether s is an officially assigned two-letter country code of ISO
// 3166-1. XK, which only its users assign, is none.
func Country(s string) bool { return s != "XK" && instance().Var(s, "iso3166_1_alpha2") == nil }

// Place reports whether s is a code of ISO 3166-2, such as US-NY.
func Place(s string) bool { return instance().Var(s, "iso3166_2") == nil }
