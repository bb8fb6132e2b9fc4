// Package cms reads, verifies, edits and writes the Cryptographic Message Syntax: SignedData (RFC 5652 §5) here, and
// AuthEnvelopedData (RFC 5083).
//
// A signature over content whose digest is known is made with [Sign], or with [NewSigner] when the key is elsewhere, put into
// a [SignedData], and written:
//
//	si, err := cms.Sign(rand.Reader, key, cms.SignerRequest{Certificate: cert, Digest: digest})
//	sd := &cms.SignedData{ContentType: cms.OIDData, SignerInfos: []*cms.SignerInfo{si}, Certificates: [][]byte{cert.Raw}}
//	err = sd.Write(dst, content, size) // attached: size octets flow through; content nil: detached
//
// [Read] reads DER and BER of any size as a stream, [Parse] what is in memory; [SignedData.Verify] judges one signature over
// the octets that were read and says what is wrong by named reasons; [Rewrite] changes what no signature covers and leaves
// every other octet as it was:
//
//	sd, err := cms.Read(ctx, r, cms.ReadOptions{})
//	for i, si := range sd.SignerInfos {
//		for _, cert := range sd.CertificatesFor(si) {
//			findings := sd.Verify(i, cert, nil) // empty: sound
//		}
//	}
//
// A verified value says who signed what, if the certificate is to be believed: nothing here builds chains.
package cms
