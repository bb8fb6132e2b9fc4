package cms

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/cadre-confiance/confiance/internal/der"
	"github.com/cadre-confiance/confiance/internal/limits"
	"github.com/cadre-confiance/confiance/internal/pkix"
)

// Errors of writing.
var (
	// ErrContent: attached content was asked for and not given, or the other way round.
	ErrContent = errors.New("cms: the content to write does not go with this SignedData")
	// ErrContentSize: the content is longer or shorter than announced. What was written is not a message.
	ErrContentSize = errors.New("cms: the content does not have the length announced")
)

// Write writes the message as a ContentInfo. With content nil it is detached; else size octets flow from content, in pieces of
// 64 KiB, into an OCTET STRING. Everything is DER if what was read is: versions, the set of digest algorithms and the order of
// sets are those of RFC 5652 §5.1.
//
// Of a message that was read, parts that were not changed are written as found. To keep attached content as found use [Rewrite].
func (sd *SignedData) Write(dst io.Writer, content io.Reader, size int64) error {
	parts, err := sd.parts()
	if err != nil {
		return err
	}
	var opening []byte // encapContentInfo up to the content
	if content == nil {
		size = 0
		opening = sd.detachedInfo()
	} else {
		if size < 0 {
			return fmt.Errorf("%w: %d octets", ErrContentSize, size)
		}
		opening = sd.attachedInfo(size)
	}
	if _, err := dst.Write(parts.opening(opening, int64(len(opening))+size)); err != nil {
		return err
	}
	if content != nil {
		if err := copyExactly(dst, content, size); err != nil {
			return err
		}
	}
	_, err = dst.Write(parts.tail)
	return err
}

// Marshal returns a detached message, or one that Parse read, with the content it had.
func (sd *SignedData) Marshal() ([]byte, error) {
	parts, err := sd.parts()
	if err != nil {
		return nil, err
	}
	var encap []byte
	switch {
	case sd.found != nil && sd.found.encap != nil:
		encap = sd.found.encap
	case sd.Attached:
		return nil, fmt.Errorf("%w: it is attached and not in memory; use MarshalAttached, Write or Rewrite", ErrContent)
	default:
		encap = sd.detachedInfo()
	}
	return append(parts.opening(encap, int64(len(encap))), parts.tail...), nil
}

// MarshalAttached returns the message with content in it.
func (sd *SignedData) MarshalAttached(content []byte) ([]byte, error) {
	parts, err := sd.parts()
	if err != nil {
		return nil, err
	}
	encap := append(sd.attachedInfo(int64(len(content))), content...)
	return append(parts.opening(encap, int64(len(encap))), parts.tail...), nil
}

// parts is a message without its content.
type parts struct {
	head []byte // version and digestAlgorithms
	tail []byte // certificates, crls, signerInfos
}

// opening returns everything before and including what is given of encapContentInfo, whose whole length is encapSize.
func (p parts) opening(encap []byte, encapSize int64) []byte {
	inner := int64(len(p.head)) + encapSize + int64(len(p.tail))
	explicit := headerSize(inner) + inner
	outer := int64(elementSize(len(OIDSignedData))) + headerSize(explicit) + explicit
	b := make([]byte, 0, 64+len(p.head)+len(encap)+len(p.tail))
	b = appendHeader(b, tagSequence, outer)
	b = appendOID(b, OIDSignedData)
	b = appendHeader(b, tagContext0, explicit)
	b = appendHeader(b, tagSequence, inner)
	b = append(b, p.head...)
	return append(b, encap...)
}

func (sd *SignedData) detachedInfo() []byte {
	n := elementSize(len(sd.ContentType))
	return appendOID(appendHeader(make([]byte, 0, elementSize(n)), tagSequence, int64(n)), sd.ContentType)
}

func (sd *SignedData) attachedInfo(size int64) []byte {
	octets := headerSize(size) + size
	n := int64(elementSize(len(sd.ContentType))) + headerSize(octets) + octets
	b := appendHeader(make([]byte, 0, 64), tagSequence, n)
	b = appendOID(b, sd.ContentType)
	b = appendHeader(b, tagContext0, octets)
	return appendHeader(b, tagOctetString, size)
}

func (sd *SignedData) parts() (p parts, err error) {
	if !sd.ContentType.Valid() {
		return p, errors.New("cms: a SignedData without a content type")
	}
	if len(sd.SignerInfos) > limits.CMSSigners || len(sd.Certificates) > limits.CMSCertificates || len(sd.CRLs) > limits.CMSCertificates {
		return p, fmt.Errorf("%w: %d signers, %d certificates, %d revocation lists", ErrTooLarge,
			len(sd.SignerInfos), len(sd.Certificates), len(sd.CRLs))
	}
	f := sd.found
	if f == nil {
		f = &found{}
	}
	algorithms, err := sd.marshalAlgorithms(f)
	if err != nil {
		return p, err
	}
	signers := make([][]byte, len(sd.SignerInfos))
	for i, si := range sd.SignerInfos {
		if signers[i], err = si.Marshal(); err != nil {
			return p, wrap(fmt.Sprintf("signer %d", i+1), err)
		}
	}
	for _, c := range slices.Concat(sd.Certificates, sd.CRLs) {
		if len(c) < 2 {
			return p, errors.New("cms: an empty certificate or revocation list")
		}
	}
	version := sd.computedVersion()
	if sd.found != nil && sameBytes(f.certificates, sd.Certificates) && sameBytes(f.crls, sd.CRLs) && len(signers) == len(f.signers) {
		version = f.version // as found, even if wrong: nothing that it depends on has changed
	}
	p.head = appendHeader(make([]byte, 0, 3+elementSize(total(algorithms))), tagInteger, 1)
	p.head = append(p.head, byte(version))
	p.head = appendSet(p.head, tagSet, algorithms)

	certificates, crls := ordered(f.certificates, sd.Certificates), ordered(f.crls, sd.CRLs)
	signers = ordered(f.signers, signers)
	p.tail = make([]byte, 0, elementSize(total(certificates))+elementSize(total(crls))+elementSize(total(signers)))
	if len(certificates) > 0 || f.hasCertificates && len(f.certificates) == 0 {
		p.tail = appendSet(p.tail, tagContext0, certificates)
	}
	if len(crls) > 0 || f.hasCRLs && len(f.crls) == 0 {
		p.tail = appendSet(p.tail, tagContext1, crls)
	}
	p.tail = appendSet(p.tail, tagSet, signers)
	return p, nil
}

// ordered returns the elements in the order to write: that of DER (X.690 §11.6), or as they are if they were found in
// another order, because archive timestamps of old cover these sets as they were found.
func ordered(before, now [][]byte) [][]byte {
	if !der.IsSortedSet(before) || der.IsSortedSet(now) {
		return now
	}
	now = slices.Clone(now)
	der.SortSet(now)
	return now
}

// marshalAlgorithms returns the digestAlgorithms to write: those found, and those of new signers, each once.
func (sd *SignedData) marshalAlgorithms(f *found) ([][]byte, error) {
	same := slices.EqualFunc(f.algorithms, sd.DigestAlgorithms, pkix.AlgorithmIdentifier.Equal)
	var encoded [][]byte
	var known []pkix.AlgorithmIdentifier
	if same && sd.found != nil {
		encoded, known = slices.Clone(f.rawAlgorithms), f.algorithms
	}
	add := func(a pkix.AlgorithmIdentifier) error {
		if slices.ContainsFunc(known, a.Equal) {
			return nil
		}
		if !a.OID.Valid() {
			return errors.New("cms: a digest algorithm that is no object identifier")
		}
		known = append(known[:len(known):len(known)], a)
		encoded = append(encoded, appendAlgorithm(make([]byte, 0, algorithmSize(a)), a))
		return nil
	}
	if known == nil {
		for _, a := range sd.DigestAlgorithms {
			if err := add(a); err != nil {
				return nil, err
			}
		}
	}
	for _, si := range sd.SignerInfos {
		if si.found != nil {
			continue
		}
		if err := add(si.DigestAlgorithm); err != nil {
			return nil, err
		}
	}
	return ordered(f.rawAlgorithms, encoded), nil
}

func appendSet(b []byte, tag byte, elements [][]byte) []byte {
	return appendAll(appendHeader(b, tag, int64(total(elements))), elements)
}

func sameBytes(a, b [][]byte) bool { return slices.EqualFunc(a, b, bytes.Equal) }

// copyExactly copies size octets in pieces of 64 KiB and makes sure that there are neither fewer nor more.
func copyExactly(dst io.Writer, src io.Reader, size int64) error {
	buffer := make([]byte, min(size+1, 64<<10))
	for left, idle := size, 0; ; {
		n, err := src.Read(buffer)
		if idle++; n > 0 {
			idle = 0
			if int64(n) > left {
				return fmt.Errorf("%w: more than %d octets", ErrContentSize, size)
			}
			if _, err := dst.Write(buffer[:n]); err != nil {
				return err
			}
			left -= int64(n)
		}
		switch {
		case err == io.EOF && left > 0:
			return fmt.Errorf("%w: %d octets instead of %d", ErrContentSize, size-left, size)
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		case idle == 100:
			return io.ErrNoProgress
		}
	}
}
