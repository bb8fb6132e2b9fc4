package pkix

import (
	"bytes"
	"slices"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/cadre-confiance/confiance/internal/der"
	"github.com/cadre-confiance/confiance/internal/limits"
)

// readEntries goes through revokedCertificates. A list may hold millions of entries: each is parsed where it lies in the
// window, and nothing of it is kept unless it was asked for.
func (s *crlScan) readEntries(end int64) {
	w, c := s.w, s.crl
	for w.err == nil && w.offset() < end {
		if len(w.buf)-w.pos < 256 {
			w.need(256)
		}
		tag, size, length, ok := w.entryHeader(end)
		if !ok {
			return
		}
		if tag != 0x30 {
			w.refuse("an entry that is not a SEQUENCE (RFC 5280 §5.1.2.6)")
			return
		}
		total := int64(size) + length
		if total > limits.CRLEntry {
			w.refuseBeyond("an entry is too long", limits.CRLEntry)
			return
		}
		if !w.need(int(total)) {
			if w.err == nil {
				w.refuse(crlCut)
			}
			return
		}
		c.Count++
		if fault := s.readEntry(w.buf[w.pos+size : w.pos+int(total)]); fault != "" {
			w.refuse(fault)
			return
		}
		w.pos += int(total)
	}
	if c.Count == 0 && w.err == nil {
		s.o.add(CodeEmptyList, "revokedCertificates", 0, "an empty list, which must be absent (RFC 5280 §5.1.2.6)")
	}
}

// entryHeader is header, for the short form that nearly every entry has.
func (w *crlWindow) entryHeader(end int64) (tag byte, size int, length int64, ok bool) {
	if len(w.buf)-w.pos >= 2 && w.buf[w.pos+1] < 0x80 && w.buf[w.pos]&0x1f != 0x1f {
		if length := int64(w.buf[w.pos+1]); w.offset()+2+length <= end {
			return w.buf[w.pos], 2, length, true
		}
	}
	return w.header(end)
}

// cutElement cuts one DER element off b. It is cryptobyte without its generality.
func cutElement(b []byte) (tag byte, content, rest []byte, ok bool) {
	if len(b) < 2 || b[0]&0x1f == 0x1f {
		return 0, nil, nil, false
	}
	size, length := 2, int(b[1])
	if length >= 0x80 {
		h, err := der.ReadHeader(b)
		if err != nil || !h.Minimal {
			return 0, nil, nil, false
		}
		size, length = h.Size, h.Length
	}
	if length > len(b)-size {
		return 0, nil, nil, false
	}
	return b[0], b[size : size+length], b[size+length:], true
}

// readEntry reads the content of one entry: SEQUENCE { userCertificate INTEGER, revocationDate Time, crlEntryExtensions
// Extensions OPTIONAL }.
func (s *crlScan) readEntry(content []byte) (fault string) {
	tag, serial, rest, ok := cutElement(content)
	if !ok || tag != byte(asn1.INTEGER) || len(serial) == 0 {
		return "an entry without a serial number (RFC 5280 §5.1.2.6)"
	}
	date := rest
	tag, _, rest, ok = cutElement(rest)
	if !ok || tag != byte(asn1.UTCTime) && tag != byte(asn1.GeneralizedTime) {
		return "an entry without a revocation date (RFC 5280 §5.1.2.6)"
	}
	date = date[:len(date)-len(rest)]
	var reason, invalidity []byte
	if len(rest) > 0 {
		var fault string
		if reason, invalidity, fault = s.readEntryExtensions(rest); fault != "" {
			return fault
		}
	}
	c := s.crl
	isWanted := s.wanted[string(TrimInteger(serial))]
	if c.Complete && c.Count > limits.CRLComplete {
		c.Complete = false
		c.Entries = slices.DeleteFunc(c.Entries, func(e CRLEntry) bool { return !s.wanted[string(TrimInteger(e.Serial))] })
	}
	if !isWanted && !c.Complete {
		return ""
	}
	if len(c.Entries) == limits.CRLKept {
		s.w.refuseBeyond("too many entries with a serial number that is looked for", limits.CRLKept)
		return ""
	}
	s.keep(serial, date, reason, invalidity)
	return ""
}

// keep reads the values of an entry that was asked for, and copies it out of the window.
func (s *crlScan) keep(serial, date, reason, invalidity []byte) {
	e := CRLEntry{Serial: bytes.Clone(serial), Reason: -1, Issuer: s.issuer, UnknownIssuer: s.unsure}
	value := cryptobyte.String(date)
	e.Date = readTime(&value, &s.o, "revokedCertificates.revocationDate")
	if reason != nil {
		value := cryptobyte.String(reason)
		if !value.ReadASN1Enum(&e.Reason) || !value.Empty() || e.Reason < 0 || e.Reason == 7 || e.Reason > 10 {
			e.Reason = 0
			s.o.add(CodeExtension, "revokedCertificates.reasonCode", 0, "a reason that cannot be read or is not defined; read as unspecified (RFC 5280 §5.3.1)")
		}
	}
	if invalidity != nil {
		value := cryptobyte.String(invalidity)
		if !der.ReadGeneralizedTime(&value, &e.Invalidity) || !value.Empty() {
			s.o.add(CodeTime, "revokedCertificates.invalidityDate", 0, "unreadable (RFC 5280 §5.3.2)")
		}
	}
	s.crl.Entries = append(s.crl.Entries, e)
}

// Extensions of entries: the last octet of their OID, all under 2.5.29 (55 1D).
const (
	entryReason      = 21
	entryInstruction = 23
	entryInvalidity  = 24
	entryIssuer      = 29
)

// readEntryExtensions walks crlEntryExtensions and returns the values of the reason and of the invalidity date. Every entry is
// looked at, because one that is critical and not known spoils the whole list (RFC 5280 §5.3), and because the issuer of the
// certificates is inherited.
func (s *crlScan) readEntryExtensions(b []byte) (reason, invalidity []byte, fault string) {
	const malformed = "extensions of an entry that cannot be read (RFC 5280 §5.3)"
	tag, list, rest, ok := cutElement(b)
	if !ok || tag != 0x30 || len(rest) != 0 || len(list) == 0 {
		return nil, nil, malformed
	}
	seen := uint32(0)
	for len(list) > 0 {
		var extension, oid, value []byte
		if tag, extension, list, ok = cutElement(list); !ok || tag != 0x30 {
			return nil, nil, malformed
		}
		if tag, oid, extension, ok = cutElement(extension); !ok || tag != byte(asn1.OBJECT_IDENTIFIER) {
			return nil, nil, malformed
		}
		critical := false
		if len(extension) > 3 && extension[0] == byte(asn1.BOOLEAN) && extension[1] == 1 {
			critical, extension = extension[2] != 0, extension[3:]
		}
		if tag, value, extension, ok = cutElement(extension); !ok || tag != byte(asn1.OCTET_STRING) || len(extension) != 0 {
			return nil, nil, malformed
		}
		number := byte(0)
		if len(oid) == 3 && oid[0] == 0x55 && oid[1] == 0x1d && oid[2] < 32 {
			number = oid[2]
			if seen&(1<<number) != 0 {
				s.note(CodeDuplicate, "an extension of an entry comes twice (RFC 5280 §5.3)")
			}
			seen |= 1 << number
		}
		switch number {
		case entryReason:
			reason = value
		case entryInvalidity:
			invalidity = value
		case entryInstruction: // RFC 3280 §5.3.2: what to do while a certificate is on hold
		case entryIssuer:
			s.setIssuer(value)
		default:
			if critical {
				s.noteCritical(oid)
			}
		}
	}
	return reason, invalidity, ""
}

// note adds an anomaly of entries once per message: a list may have a million.
func (s *crlScan) note(code, message string) {
	const path = "revokedCertificates"
	for _, a := range s.o.anomalies {
		if a.Code == code && a.Message == message {
			return
		}
	}
	s.o.add(code, path, 0, message)
}

func (s *crlScan) noteCritical(oid []byte) {
	c := s.crl
	known := slices.ContainsFunc(c.UnknownEntryCritical, func(o der.OID) bool { return string(o) == string(oid) })
	if !known && len(c.UnknownEntryCritical) < limits.CertificateExtensions {
		c.UnknownEntryCritical = append(c.UnknownEntryCritical, der.OID(oid))
	}
}

// setIssuer takes the issuer of the certificates of this entry and of those after it (RFC 5280 §5.3.3).
func (s *crlScan) setIssuer(value []byte) {
	s.crl.NamesIssuers = true
	input, names := cryptobyte.String(value), cryptobyte.String(nil)
	var found []byte
	if input.ReadASN1(&names, asn1.SEQUENCE) && input.Empty() {
		eachName(names, func(tag asn1.Tag, content []byte) {
			if tag == contextTag(FormDirectory) && found == nil {
				found = content
			}
		})
	}
	switch s.unsure = found == nil; {
	case s.unsure:
		s.issuer = nil
		s.note(CodeEntryIssuer, "a certificateIssuer without a directory name (RFC 5280 §5.3.3)")
	case !bytes.Equal(found, s.issuer):
		s.issuer = bytes.Clone(found)
	}
}
