package storage

// Tx is an open SQL transaction, made by a backend and passed by the engines to
// callbacks (the Also of each verb), so that a host or httpapi can write its
// own rows in the same transaction. Only the backend that made it uses its
// content.
type Tx interface{ StorageTx() }
