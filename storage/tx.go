package storage

// Tx is one open SQL transaction, made by a backend and handed through the
// engines to callbacks (each verb's Also), so that a host or httpapi can write
// a row of its own together with an effect. Only the backend that made it
// looks inside.
type Tx interface{ StorageTx() }
