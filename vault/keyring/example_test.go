package keyring_test

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"fmt"
	"os"
	"path/filepath"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/sqlitedialect"

	"github.com/evaultlib/evault/storage/sqlite"
	"github.com/evaultlib/evault/storage/sqlstore"
	"github.com/evaultlib/evault/vault/keyring"
)

// What a host that wires the engines itself does before it makes them.
// storage/embedded does it in Open.
func ExampleAnnounce() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	sql, err := sqlite.Open(filepath.Join(dir, "evault.db"))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer sql.Close()
	db, err := sqlstore.New(bun.NewDB(sql, sqlitedialect.New()))
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := db.Migrate(ctx); err != nil {
		fmt.Println(err)
		return
	}

	announce := func(certificates, statements ed25519.PrivateKey, retired ...crypto.Signer) (keyring.Keys, error) {
		a := keyring.Announcement{Retired: retired}
		for p, s := range map[keyring.Purpose]crypto.Signer{keyring.Certificate: certificates, keyring.Statement: statements} {
			k, err := keyring.New(p, s)
			if err != nil {
				return nil, err
			}
			a.Keys = append(a.Keys, keyring.Holding{Key: k, Signer: s})
		}
		keys, _, err := keyring.Announce(ctx, keyring.Config{Store: db.Keys()}, a)
		return keys, err
	}
	if _, err := announce(signer(1), signer(2)); err != nil {
		fmt.Println(err)
		return
	}
	keys, err := announce(signer(3), signer(2), signer(1)) // the key for certificates changes
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, k := range keys.Of(keyring.Certificate) {
		fmt.Println(k.Purpose, "retired:", k.Until != nil)
	}
	ring := keyring.NewRing(keys...) // for vault.Config.Keys, compliance.Config.Keys and translog.Config.Keys
	fmt.Println(len(ring.Keys()), "keys")
	// Output:
	// certificate retired: true
	// certificate retired: false
	// 3 keys
}
