// Package exchange seals files for establishments and opens them: the pli, an envelope that only its addressees open and whose
// sender is proved. docs/pli.md gives the format octet by octet; nothing but standards is composed in it (CMS, CAdES,
// Cobblestone-256, RFC 6962), so that it opens without this package.
//
// [Seal] writes one, in one pass and flat memory, of content of any size:
//
//	sealed, err := exchange.Seal(ctx, out, exchange.Parts(exchange.Part{Name: "délibération.pdf", Size: size, Content: file}),
//		exchange.SealOptions{Signer: seal, Created: time.Now(),
//			Recipients: []exchange.RecipientKey{{SIRET: prefecture, Certificates: certificates}}})
//
// [Open] checks everything but the content: whom it is for, who sealed it, until when, and the hashes of every MiB; what
// [Message.Part] and [Message.Extract] then hand out was checked against those before its first octet:
//
//	identity, err := exchange.NewIdentity(certificate, key) // of the recipient; the key may be in hardware
//	m, err := exchange.Open(ctx, file, size, []*exchange.Identity{identity}, exchange.OpenOptions{Anchors: anchors, At: time.Now()})
//	err = m.Extract(ctx, "reçus", exchange.ExtractOptions{})
//
// [Message.Receipt] acknowledges, [VerifyReceipt] and [Verify] check what others hold. No clock is read but the times given.
//
// What protects what: the capsule (CMS AuthEnvelopedData) the key; AES-256-GCM the content from those who have no key; the
// signed tree of hashes the content from those who have one. A pli never hides to whom it is sent, nor its size.
package exchange
