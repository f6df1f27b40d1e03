package releasepackage

// verification is VERIFY.txt of a release package: what a stranger does with
// ordinary tools, what each step proves, and what it does not.
const verification = `HOW TO CHECK THIS PACKAGE

You need sha256sum, a text editor, pdfsig (poppler-utils), and, for step 5, the Go
toolchain. Unpack the zip file into a folder of its own and work in that folder.

1. THE KEYS
   Get the vault's public keys from somewhere else than this package: from the vault's
   address .well-known/jwks.json and log/keys, from your own files, or from a letter of
   its operator. Compare them with keys/jwks.json, keys/log.txt and, where it is there,
   keys/seal-root.pem.
   Proves:         that the keys here are the vault's, as far as you trust that source.
   Does not prove: anything, if you skip it. Who forges a package brings keys of his own.

2. THE FILES
   sha256sum authoritative.pdf
   The result must be the SHA-256 under "Version handed over" in README.txt and the
   value "sha256" of "authoritative_copy" in certificate.json. Compare the other files
   with README.txt in the same way.
   Proves:         that the files are those that the list names.
   Does not prove: that the list is genuine. It is not signed; the certificate is.

3. THE SEALS
   pdfsig authoritative.pdf
   Each signature must be valid. The last one must cover the total document; it names
   the recipient and the version that ended.
   Where version-statements/ is in this package the file itself cannot carry a seal, and
   the seals are there (CMS), 0001.p7s the first:
   openssl cms -verify -inform DER -in version-statements/0001.p7s \
     -CAfile keys/seal-root.pem -purpose any -no_check_time
   must print the statement and "CMS Verification successful". Its "sha256" must be what
   sha256sum authoritative.pdf prints; "prev" must be empty in the first statement, and in
   each later one what sha256sum of the .p7s file before prints. The last names the
   recipient. VerifyVersions of the Go package github.com/evaultlib/evault/vault does all
   of this, and judges the times of the certificates too.
   Proves:         that no byte under a seal was changed since that seal was made, and
                   that the seal's key made it.
   Does not prove: the time, where the seal has no time-stamp of another authority; nor
                   who signed before the seal. An unknown issuer in the output means
                   only that your computer does not know the root: see step 1.

4. WHAT THE PAPERS SAY
   Read the last page of authoritative.pdf, custody-record.pdf and rules.md. They must
   name the same recipient, reason, time, versions and parties.
   Proves:         nothing by itself. What rests on a declaration is marked as declared.

5. THE CERTIFICATE AND THE LOG
   go run github.com/evaultlib/evault/examples/verify -certificate certificate.json \
     -jwks KEYS.json -log-keys LOG.txt -max-age 0
   KEYS.json and LOG.txt are the keys of step 1, from elsewhere. Exit status 0: verified,
   and each requirement met; 3: verified, not each requirement is met or none applies,
   as after a release; 4: verified, but out of date; 1: not valid.
   Proves:         that the vault's certificate key signed exactly these statements, that
                   each event listed in it is in the log whose checkpoint the log's key
                   signed, and that these contradict each other nowhere.
   Does not prove: that the statements are true, nor that no later certificate exists.
                   Ask the vault now for the newest.

WHAT NO STEP PROVES
   All keys named here are held by the operator of the vault. No witness outside signs
   the log's checkpoints. The steps show that the operator's story is consistent and was
   not changed by anyone else. An operator who has all keys could have written another
   story from the beginning. Checkpoints, certificates or time-stamps that you or others
   received earlier and kept are evidence against that: compare log/checkpoint with them.
`
