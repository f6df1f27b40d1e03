// Package texts holds the words that people read: on the signing pages, in messages
// to signers and on documents. Each language is one table from keys to texts; English
// and Spanish are complete, and a host adds further ones.
//
//	catalog, err := texts.New(texts.Language{Tag: "fr", Name: "Français", Texts: map[texts.Key]string{…}})
//	words := catalog.Match("fr-CA, en;q=0.8")
//	words.Say("sign.title", "sender", "Lakeshore Motors LLC")
//
// A text may name values in braces, such as {sender}. A key that ends in .one has a
// counterpart in .other, and Count chooses between them. A Catalog does not change
// and is safe for concurrent use. Keys are added in minor versions and not renamed.
//
// Stability: keys are added and taken away with any minor version until v1, so that a
// host's own language is completed at an upgrade; New names each key that is missing.
// The wording may change with any version.
package texts
