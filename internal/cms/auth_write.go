package cms

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"

	"github.com/cadre-confiance/confiance/internal/limits"
)

// tagEncryptedContent is encryptedContent [0] IMPLICIT OCTET STRING in primitive form; tagContext0 is its constructed form.
const tagEncryptedContent = 0x80

var endOfContents = []byte{0, 0}

// WriteAuthEnveloped encrypts content to the recipients while it flows and writes a ContentInfo that holds an AuthEnvelopedData
// of content type id-data. With a size it is DER, and content must have exactly that many octets; with size -1 it is BER of
// indefinite lengths, in segments of 64 KiB, as `openssl cms -stream` would write it. Memory is flat; ctx is looked at every 64 KiB.
//
// An error leaves dst with octets of no use: content of another length than size, or over [limits.EnvelopeContent], is found out
// while it flows. Errors match [ErrRecipient], or are those of ctx, content and dst.
func WriteAuthEnveloped(ctx context.Context, dst io.Writer, content io.Reader, size int64, recipients []Recipient) error {
	if size > limits.EnvelopeContent {
		return errGCMTooLong
	}
	if size < -1 {
		return errors.New("cms: a negative size; -1 says that it is not known")
	}
	var cek [contentKeySize]byte
	var nonce [gcmNonceSize]byte
	rand.Read(cek[:])
	rand.Read(nonce[:])
	defer clear(cek[:])
	recipientInfos, err := SealRecipients(cek[:], recipients)
	if err != nil {
		return err
	}
	gcm, err := newGCMStream(&cek, nonce[:])
	if err != nil {
		return err
	}
	defer gcm.wipe()
	if _, err := dst.Write(appendEnvelopePrefix(nil, recipientInfos, nonce[:], size)); err != nil {
		return err
	}
	if err := sealContent(ctx, dst, content, size, gcm); err != nil {
		return err
	}
	var end []byte
	if size < 0 {
		end = append(end, endOfContents...) // of the content
		end = append(end, endOfContents...) // of EncryptedContentInfo
	}
	tag := gcm.tag(nil)
	end = append(end, tagOctetString, gcmTagSize)
	end = append(end, tag[:]...)
	if size < 0 {
		for range 3 { // AuthEnvelopedData, [0], ContentInfo
			end = append(end, endOfContents...)
		}
	}
	_, err = dst.Write(end)
	return err
}

// sealContent writes the ciphertext, with a header before each segment when the size is not known.
func sealContent(ctx context.Context, dst io.Writer, content io.Reader, size int64, gcm *gcmStream) error {
	const room = 8 // for the header of a segment
	buffer := make([]byte, room+gcmBuffer)
	defer clear(buffer)
	segment := buffer[room:]
	for done := int64(0); ; {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := readSegment(content, segment[:gcmSegment])
		done += int64(n)
		isEnd := err == io.EOF
		switch {
		case err != nil && !isEnd:
			return err
		case size >= 0 && (done > size || isEnd && done < size):
			return fmt.Errorf("cms: the content does not have the %d octets that were announced", size)
		}
		if n > 0 {
			if err := gcm.seal(segment, n); err != nil {
				return err
			}
			from := room
			if size < 0 {
				header := appendHeader(nil, tagOctetString, int64(n))
				from -= len(header)
				copy(buffer[from:], header)
			}
			if _, err := dst.Write(buffer[from : room+n]); err != nil {
				return err
			}
		}
		if isEnd {
			return nil
		}
	}
}

// readSegment fills p or reaches the end, and then returns io.EOF. io.ReadFull would not do: it makes io.ErrUnexpectedEOF both of a
// short last segment and of a content that was cut before it came here.
func readSegment(r io.Reader, p []byte) (n int, err error) {
	for empty := 0; n < len(p) && err == nil; {
		var read int
		read, err = r.Read(p[n:])
		n += read
		if empty++; read > 0 {
			empty = 0
		} else if empty == 100 && err == nil {
			err = io.ErrNoProgress
		}
	}
	return n, err
}

// appendEnvelopePrefix adds everything before the first octet of ciphertext: definite lengths for a content of size octets,
// indefinite ones when size is -1.
func appendEnvelopePrefix(b, recipientInfos, nonce []byte, size int64) []byte {
	version := []byte{tagInteger, 1, 0}
	alg := appendElement(nil, tagOID, string(oidAES256GCM))
	alg = append(alg, tagSequence, 2+gcmNonceSize+3, tagOctetString, gcmNonceSize)
	alg = append(alg, nonce...)
	alg = append(alg, tagInteger, 1, gcmTagSize)
	encrypted := appendElement(nil, tagOID, string(OIDData))
	encrypted = appendElement(encrypted, tagSequence, alg)
	kind := appendElement(nil, tagOID, string(OIDAuthEnvelopedData))

	if size < 0 {
		const indefinite = 0x80
		b = append(b, tagSequence, indefinite)
		b = append(b, kind...)
		b = append(b, tagContext0, indefinite, tagSequence, indefinite)
		b = append(b, version...)
		b = append(b, recipientInfos...)
		b = append(b, tagSequence, indefinite)
		b = append(b, encrypted...)
		return append(b, tagContext0, indefinite)
	}
	encryptedSize := int64(len(encrypted)) + wholeSize(size)
	dataSize := int64(len(version)+len(recipientInfos)) + wholeSize(encryptedSize) + wholeSize(gcmTagSize)
	wrapperSize := wholeSize(dataSize)
	b = appendHeader(b, tagSequence, int64(len(kind))+wholeSize(wrapperSize))
	b = append(b, kind...)
	b = appendHeader(b, tagContext0, wrapperSize)
	b = appendHeader(b, tagSequence, dataSize)
	b = append(b, version...)
	b = append(b, recipientInfos...)
	b = appendHeader(b, tagSequence, encryptedSize)
	b = append(b, encrypted...)
	return appendHeader(b, tagEncryptedContent, size)
}

// wholeSize is the size of an element with its header, from that of its content.
func wholeSize(content int64) int64 { return headerSize(content) + content }
