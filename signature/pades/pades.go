// Package pades signs PDF documents and reads the signatures of PDFs: EN 319 142-1 (PAdES), ISO 32000-2 §12.8.
//
// [Sign] appends an invisible signature to a document, of which not one octet is rewritten; [Read] finds every signature and
// document timestamp of a file, with the digest of exactly the octets that each covers, and what later revisions changed:
//
//	err := pades.Sign(ctx, out, document, signer, pades.Options{Level: ades.BaselineT, Time: now, Authority: authority})
//	doc, err := pades.Read(ctx, signed)
//
// Facts hold no verdict: package validation concludes from them, and package signature does both in one call.
// [Prepare] and [Complete] sign in two steps with a key that is elsewhere; [WriteRevision] gives back what was signed, and
// nothing else.
//
// A document of any size flows through in pieces of 64 KiB. Its objects are looked up where they lie: what is read besides does
// not grow with their number.
//
// # What may come after a signature
//
// No standard says how to tell an honest later revision from a forged one. Here each revision is compared, object by object, with
// the one before it, and all that differs must be on this list, or it is a Modification:
//
//   - a document security store, of certificates, CRLs, OCSP responses and their VRI, that nothing else of the document shares;
//   - signature fields with a name of their own, each filled by a signature or a document timestamp that closes this revision
//     or, for a field that is added empty, a later one; their annotations among those of a page; their appearances;
//   - the value and appearance of a field that was waiting for a signature, given by one that closes this revision;
//   - of a document timestamp, which an author cannot forbid, the invisible field alone: an annotation without extent, or the
//     value of a field whose appearance stays what it was. What is no token over this revision brings nothing;
//   - in the catalog, a higher Version, and Extensions of names and numbers; in the form, its SigFlags and, if it has no
//     fields but signatures, its defaults DR and DA;
//   - the program and date of the save: Producer and ModDate of the information dictionary, and in the XMP packet, octet for
//     octet otherwise, pdf:Producer, xmp:ModifyDate, xmp:MetadataDate and xmpMM:InstanceID;
//   - objects that nothing designates, and objects written again with the same value.
//
// An object that the earlier revision designates without having it may not appear. A revision whose octets are not all
// accounted for, that nothing closes, or that readers of different ages read differently is refused whole, and so is what
// follows the last one. What a signature forbids by DocMDP, FieldMDP or the lock of its field is a Modification for it alone.
// Filling forms and adding annotations are not allowed in this version, whatever DocMDP says.
//
// A later signature may show anything anywhere, as ISO 32000-2 wants it: what is drawn over a page by a signature is for its
// signer to answer for. Show a reader every signature and its verdict, or the document as one of them left it ([WriteRevision]).
package pades

import (
	"errors"
	"fmt"

	"github.com/cadre-confiance/confiance/internal/pdf"
)

// Errors about the document. They are matched with errors.Is; the error met says which object or offset.
var (
	ErrNotPDF      = pdf.ErrNotPDF      // no %PDF- header in the first 1024 octets
	ErrEncrypted   = pdf.ErrEncrypted   // the document is encrypted: this version neither signs nor reads it
	ErrDamaged     = pdf.ErrDamaged     // what a signature depends on cannot be read; nothing is rebuilt by guessing
	ErrUnsupported = pdf.ErrUnsupported // a filter that no producer uses for the structure of a document
	ErrLimit       = pdf.ErrLimit       // larger, deeper or more numerous than this library accepts
)

// Errors of signing, before the key is used.
var (
	// ErrOptions is matched by the error of options that contradict each other or the document.
	ErrOptions = errors.New("pades: options")
	// ErrField: the field named is not a signature field, is already signed, or asks of its signature what is not made here.
	ErrField = errors.New("pades: the field cannot be signed")
	// ErrForbidden: a signature of the document forbids that another be added (ISO 32000-2 §12.8.2.2, §12.8.2.4).
	ErrForbidden = errors.New("pades: an earlier signature forbids this one")
)

// A RoomError says that the signature made is longer than the room kept for it in the document: it came out with more
// certificates or a longer timestamp than foreseen. Nothing was signed that can be used; sign again with Options.Room at least Need.
type RoomError struct {
	Room int // octets that were kept
	Need int // octets of the signature
}

func (e *RoomError) Error() string {
	return fmt.Sprintf("pades: the signature takes %d octets and %d were kept for it: set Room to %d or more", e.Need, e.Room, e.Need)
}

// isFormatError tells an error about the document from one about reading it.
func isFormatError(err error) bool {
	return errors.Is(err, ErrDamaged) || errors.Is(err, ErrUnsupported) || errors.Is(err, ErrLimit)
}

func limitError(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrLimit, fmt.Sprintf(format, args...))
}
