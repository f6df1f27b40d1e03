package embedded

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"fmt"
)

// Keeper encrypts small secrets at rest; a *secrets.Keeper of gocloud.dev is
// one.
type Keeper interface {
	Encrypt(ctx context.Context, plaintext []byte) ([]byte, error)
	Decrypt(ctx context.Context, ciphertext []byte) ([]byte, error)
}

// keeper is AES-256-GCM with a random nonce before each ciphertext (NIST SP
// 800-38D §8.2.2); one key serves far fewer than its 2^32 messages.
type keeper struct{ aead cipher.AEAD }

func newKeeper(secret []byte) (Keeper, error) {
	block, err := aes.NewCipher(secret)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, err
	}
	return keeper{aead}, nil
}

func (k keeper) Encrypt(_ context.Context, plaintext []byte) ([]byte, error) {
	return k.aead.Seal(nil, nil, plaintext, nil), nil
}

func (k keeper) Decrypt(_ context.Context, ciphertext []byte) ([]byte, error) {
	plaintext, err := k.aead.Open(nil, nil, ciphertext, nil)
	if err != nil {
		return nil, fmt.Errorf("embedded: secret cannot be decrypted with this key: %w", err)
	}
	return plaintext, nil
}
