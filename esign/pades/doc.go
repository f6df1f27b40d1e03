// Package pades makes and verifies PAdES electronic seals in PDF files, and detached seals.
//
// It can be used alone: a [Sealer] takes any crypto.Signer and a certificate chain, [Verify] takes
// a file and the roots to trust. Nothing here opens a connection; time-stamps come through the
// interface [Timestamper], for which package tsa has a client. This comment specifies what is
// written and what is checked.
//
// # What a seal is
//
// A seal is an approval signature (ISO 32000-2 §12.8.1) appended to the file as one incremental update (§7.5.6): the
// file that was sealed stays a byte prefix of the sealed file, and every earlier signature stays valid. The update
// holds
//
//   - a signature dictionary with /Filter /Adobe.PPKLite, /SubFilter /ETSI.CAdES.detached (ETSI EN 319 142-1 §5.3), /M
//     with the claimed time in UTC, and /Name, /Reason, /Location, /ContactInfo as asked;
//   - a signature field named "Seal n" (§12.7.5.5), added to /AcroForm and to the page's /Annots; /SigFlags 3; every
//     other entry of the form stays. It has no area and stands on page 1 unless [SealRequest].Appearance makes it
//     visible: then its widget (§12.5.6.19) has an appearance stream (§12.5.5) that stands upright on the page as
//     displayed. Or, as [SealRequest].Field says, an empty signature field that is there;
//   - a cross-reference section of the same kind as the file's last one (§7.5.4, §7.5.8). A hybrid file goes on with a
//     table (§7.5.8.4);
//   - /ID with its first half kept and its second derived from what was written (§14.4).
//
// /ByteRange covers all but the hexadecimal string of /Contents. With [SealRequest].Certify the first signature of a
// file is a certification instead, with a DocMDP reference and /Perms (§12.8.2.2).
//
// A lock (§12.7.5.5 table 236) comes by [SealRequest].Lock with a new field. The signature then has a FieldMDP
// reference (§12.8.2.4) to the catalog that says the same, /P included, as Acrobat writes it. A field that is there is
// refused by a [FieldError] when it has seed values (/SV, table 237) or a lock of its own, conditions that others set,
// and when an earlier signature locks it.
//
// /Contents is a DER SignedData (RFC 5652 §5) with one SignerInfo, the certificates, no content, and the signed
// attributes content-type, message-digest (§11.1, §11.2) and signing-certificate-v2 (RFC 5035 §3; ETSI EN 319 122-1
// §5.2.2.3). There is no signing-time attribute (ETSI EN 319 142-1 §6.3). This is level B-B. With a time-stamp
// authority the unsigned attribute signature-time-stamp (ETSI EN 319 122-1 §5.3) makes it B-T. When the authority does
// not answer, nothing is sealed: a [Sealer] never makes less than its level.
//
// An [Extender] raises a B-T seal to B-LT: it appends an update with a document security store (/DSS, §5.4.2) that
// holds the certificates, OCSP responses (RFC 6960) and CRLs (RFC 5280 §5) for all chains, and in /VRI (§5.4.2.3) which
// of them each signature needs, with the time of collection in /TU. The key of an entry is the SHA-1 digest, in
// upper-case hexadecimal, of the whole string in the signature's /Contents, its padding included (ISO 32000-2
// §12.8.4.3), as the DSS library of the European Commission takes it. Entries that are there stay. With a time-stamp
// authority the same update carries a document time-stamp (/Type /DocTimeStamp, /SubFilter /ETSI.RFC3161, §5.4.3),
// which is level B-LTA. A file is extended again before that authority's certificate expires.
//
// Keys: RSA of 2048 bits or more with PKCS #1 v1.5 or RSASSA-PSS (RFC 4056), ECDSA on P-256 and P-384 (RFC 5754),
// Ed25519 (RFC 8419). Digests: SHA-256, SHA-384, SHA-512; SHA-1 and MD5 are neither made nor accepted (ETSI TS 119
// 312), but for the certificate hash that RFC 3161 §2.4.1 put into time-stamp tokens.
//
// A file that cannot be extended (encrypted, damaged, certified P=1, locked, usage rights: [NotExtendableError]) gets a
// statement beside it: [Sealer.Statement] makes a SignedData of the same form that carries what it states.
//
// # What verification checks
//
// Trust anchors are an argument, never the system's. For each signature that the form names:
//
//   - Integrity. The dictionary is indirect, uncompressed, without repeated keys. /ByteRange is [0 a b c]; what it
//     leaves out is exactly the hexadecimal string of this dictionary's /Contents; it ends with an end-of-file marker.
//     The CMS is DER, or BER that says the same (X.690 §8; no baseline signature then), padded with zeros only, with
//     exactly one SignerInfo, no repeated signed attribute, no content of its own; digest, certificate binding and
//     signature value hold. A time-stamp that is there must hold too. Of signatures in the way of PKCS #7
//     (adbe.pkcs7.detached) the signed attributes may be missing, and a certificate may be bound by SHA-1: these hold,
//     and [SignatureReport].Weakness says so. What is not known (another SubFilter or algorithm) is "unsupported",
//     which is never OK.
//
//   - Revision. The signed revision can be opened by itself and the signature is a field in it. Later cross-reference
//     sections build on its own.
//
//   - Changes after it. Permitted are /DSS, metadata, the document information, a later /Version and /Extensions of the
//     catalog, objects to which the signed revision does not lead, additions to /DR, /DA and /SigFlags of the form, and
//     signature fields with their widgets, whoever signed there: that is said by the trust of that signature. What a
//     signature shows must stay in its rectangle, as the appearance of a filled field must, and cover nothing that the
//     signed page showed there: no text, no picture (a scanned page is one), nothing painted in another color than
//     white, no annotation but a link. Rules do not count, for people sign on them. A tagged file may get structure
//     elements about the new widgets alone, a field without a place a widget. After a certification with P=1, or a
//     signature whose field locks the document (§12.7.5.5 /Lock with /P 1), only validation material and time-stamps
//     may come. Whatever else differs is suspicious and named, and so is whatever readers may see differently: bytes
//     after the last %%EOF, objects that no cross-reference section names, objects named twice, objects supplied for
//     dangling references, objects whose permitted change would change another role they play. No signature may be out
//     of the form's reach.
//
//     Readers differ on when to take a file for damaged and to search it for objects, so nothing that was appended may lead
//     to that or be found then: cross-reference tables have entries of twenty bytes (§7.5.4), /Prev and /Size are right,
//     startxref stands within the last 512 bytes and names its section or the white space before it, the latest object of a number stands last, object streams hold what the
//     cross-reference data says and no more, and no data, string or comment holds what looks like an object.
//
//     Comments stay changes even after a certification with P=3 (§12.8.2.2 table 257): an annotation can show anything over
//     anything on a page, and readers do not tell it from the page (the "evil annotation" attack), so that the certifier's
//     consent to comments says nothing about what a later reader sees.
//
//   - Form filling (§12.7). A field of which nothing changed but its value, its state and its appearance is "filled":
//     it is named with its old and new value, whatever the signatures allow. Where a certification with P=1 or a lock
//     forbids the change, that is the signature's problem: FieldMDP (§12.8.2.4) and /Lock of a signed field
//     (§12.7.5.5), with Action All, Include or Exclude over full names, each with its descendants; both as they stand
//     in the revision that was signed. A lock that cannot be read is over all fields. One over all fields lets new
//     signature fields come, but no signature into a field that was there.
//
//     What a field shows is not compared with its value. Its appearance must be a form whose bounding box, transformed by its matrix,
//     is no larger than the field's rectangle (§12.5.5), so that it covers nothing beside the field. A signature after which a form was
//     filled in is never OK: whether what was filled in is what the signer agreed to is for people to say.
//
//   - Trust. A chain to a root holds at the proven time: of the signature's own time-stamp, else of the oldest trusted
//     document time-stamp after it, else [Options].Now. Time-stamp authorities need the extended key usage
//     timeStamping, alone and critical (RFC 3161 §2.3), and a chain that holds at the next proven time after theirs.
//     The certificate is the one that the SignerInfo names and that the signed attributes bind, never any in the bag.
//     Its key usages must allow signing, and its extended key usages, where there are any, documents (RFC 9336, or
//     those that stand for it in practice: e-mail protection, code signing, Adobe's, Microsoft's; RFC 5280 §4.2.1.12).
//
//   - Revocation. Answers in the lists of the document security store and in [Options].Material count when the issuer
//     signed them, or an OCSP responder whose certificate the issuer itself issued with the extended key usage
//     OCSPSigning (RFC 6960 §4.2.2.2); that responder's own certificate must have the extension id-pkix-ocsp-nocheck
//     (§4.2.2.2.1) or be answered for in turn. Answers must name the issuer (by name and key, hashed, in OCSP §4.1.1),
//     speak about the proven time, and be older than the end of the certificate's validity, after which issuers forget
//     it; a CRL must cover all that its issuer issued (of one that covers a part, only what it lists counts), and no
//     signature with SHA-1 vouches for anybody. A revocation after the proven time does no harm. Without an answer
//     Revocation is "unknown", which [Options].RequireRevocation makes a reason for distrust. Entries in /VRI prove
//     nothing.
//
// Chains are those of crypto/x509 (RFC 5280 §6): validity, signatures, basic constraints, path lengths, extended key
// usages, name constraints on DNS, e-mail, URI and IP names, required policies (§4.2.1.11); a critical extension or a
// critical name constraint of another form makes a chain fail. Not checked: that a certificate was issued under any one
// certificate policy, qualified statements, signature policies, and whether signers kept to the seed values of their
// fields.
//
// Stability: seals and statements once made stay verifiable by later releases. The wording of SignatureReport.Changes and Problem
// may change.
package pades
