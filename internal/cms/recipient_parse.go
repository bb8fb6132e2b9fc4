package cms

import (
	"crypto"
	"fmt"
	"strconv"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/cadre-confiance/confiance/internal/der"
	"github.com/cadre-confiance/confiance/internal/limits"
	"github.com/cadre-confiance/confiance/internal/pkix"
)

// A recipientInfo is one recipient's share of a RecipientInfo.
type recipientInfo struct {
	ID           RecipientID
	EncryptedKey []byte      // OAEP ciphertext, or wrapped key
	KDF          crypto.Hash // hash of the key derivation; 0 for key transport
	Point        []byte      // ephemeral public key, uncompressed
	UKM          []byte      // user keying material; nil when absent. Never written
	KeyWrap      []byte      // AlgorithmIdentifier of the key wrap as it stood: it enters the derivation
	Refused      string      // why it cannot be used, empty if it can: an algorithm, a kind of RecipientInfo
}

// ReadRecipientIDs lists the names in a DER SET OF RecipientInfo, as [OpenAuthEnveloped] and [SealRecipients] return it, in their
// order. RecipientInfos of other kinds are passed over. Errors match [ErrEnvelope].
func ReadRecipientIDs(recipientInfos []byte) ([]RecipientID, error) {
	infos, err := parseRecipientInfos(recipientInfos)
	if err != nil {
		return nil, err
	}
	ids := make([]RecipientID, 0, len(infos))
	for _, info := range infos {
		if info.ID.SubjectKeyID != nil || info.ID.RawIssuer != nil {
			ids = append(ids, info.ID)
		}
	}
	return ids, nil
}

// parseRecipientInfos reads a SET OF RecipientInfo that is DER. What is well formed and cannot be used comes out as refused:
// it may concern another recipient.
func parseRecipientInfos(set []byte) ([]recipientInfo, error) {
	s := cryptobyte.String(set)
	var elements cryptobyte.String
	if !s.ReadASN1(&elements, asn1.SET) || !s.Empty() || elements.Empty() {
		return nil, envelopeError("no SET OF RecipientInfo (RFC 5083 §2.1)")
	}
	var infos []recipientInfo
	for n := 1; !elements.Empty(); n++ {
		element, tag, ok := der.ReadElement(&elements)
		if !ok {
			return nil, envelopeError("RecipientInfo %d is not an element", n)
		}
		switch tag {
		case asn1.SEQUENCE:
			infos, ok = appendKeyTransport(infos, element)
		case constructedTag(1):
			infos, ok = appendKeyAgreement(infos, element)
		case constructedTag(2), constructedTag(3), constructedTag(4):
			infos = append(infos, recipientInfo{Refused: "a RecipientInfo of a kind that is not read (key-encryption key, password or other)"})
		default:
			ok = false
		}
		if !ok {
			return nil, envelopeError("RecipientInfo %d is malformed (RFC 5652 §6.2)", n)
		}
		if len(infos) > limits.EnvelopeRecipients {
			return nil, fmt.Errorf("%w: %w: more than %d recipients", ErrEnvelope, der.ErrLimit, limits.EnvelopeRecipients)
		}
	}
	return infos, nil
}

// appendKeyTransport reads a KeyTransRecipientInfo (RFC 5652 §6.2.1).
func appendKeyTransport(infos []recipientInfo, element cryptobyte.String) ([]recipientInfo, bool) {
	var (
		s       cryptobyte.String
		version int64
		info    recipientInfo
		alg     pkix.AlgorithmIdentifier
	)
	if !element.ReadASN1(&s, asn1.SEQUENCE) || !s.ReadASN1Integer(&version) {
		return nil, false
	}
	switch {
	case version == 0 && s.PeekASN1Tag(asn1.SEQUENCE):
		if !info.ID.readIssuerAndSerial(&s) {
			return nil, false
		}
	case version == 2 && s.PeekASN1Tag(contextTag(0)):
		if !s.ReadASN1((*cryptobyte.String)(&info.ID.SubjectKeyID), contextTag(0)) || len(info.ID.SubjectKeyID) == 0 {
			return nil, false
		}
	default:
		return nil, false
	}
	if !pkix.ReadAlgorithmIdentifier(&s, &alg) || !readEncryptedKey(&s, &info.EncryptedKey) || !s.Empty() {
		return nil, false
	}
	switch {
	case alg.OID != oidRSAESOAEP:
		info.Refused = refusal("key encryption algorithm", alg.OID, refusedKeyTransport)
	case !isOAEPSHA256(alg.Parameters):
		info.Refused = "RSAES-OAEP with other parameters than SHA-256, MGF1 with SHA-256 and an empty label"
	}
	return append(infos, info), true
}

// appendKeyAgreement reads a KeyAgreeRecipientInfo (RFC 5652 §6.2.2), one entry for each of its recipients.
func appendKeyAgreement(infos []recipientInfo, element cryptobyte.String) ([]recipientInfo, bool) {
	var (
		s, originator, ukm, keys cryptobyte.String
		version                  int64
		hasUKM                   bool
		common                   recipientInfo
	)
	if !element.ReadASN1(&s, constructedTag(1)) || !s.ReadASN1Integer(&version) || version != 3 ||
		!s.ReadASN1(&originator, constructedTag(0)) ||
		!s.ReadOptionalASN1(&ukm, &hasUKM, constructedTag(1)) {
		return nil, false
	}
	if !common.readOriginatorKey(originator) {
		return nil, false
	}
	if hasUKM {
		if !ukm.ReadASN1((*cryptobyte.String)(&common.UKM), asn1.OCTET_STRING) || !ukm.Empty() {
			return nil, false
		}
		if common.UKM == nil {
			common.UKM = []byte{}
		}
	}
	if !common.readKeyAgreementAlgorithm(&s) || !s.ReadASN1(&keys, asn1.SEQUENCE) || !s.Empty() || keys.Empty() {
		return nil, false
	}
	for !keys.Empty() {
		info := common
		var key cryptobyte.String
		if len(infos) > limits.EnvelopeRecipients || !keys.ReadASN1(&key, asn1.SEQUENCE) ||
			!info.ID.readKeyAgreeRecipient(&key) || !readEncryptedKey(&key, &info.EncryptedKey) || !key.Empty() {
			return nil, false
		}
		infos = append(infos, info)
	}
	return infos, true
}

// readOriginatorKey reads OriginatorIdentifierOrKey: the ephemeral key, or the name of a static one, which is refused.
func (info *recipientInfo) readOriginatorKey(s cryptobyte.String) bool {
	if !s.PeekASN1Tag(constructedTag(1)) {
		info.Refused = "key agreement with a static key of the originator"
		_, _, ok := der.ReadElement(&s)
		return ok && s.Empty()
	}
	var key cryptobyte.String
	var alg pkix.AlgorithmIdentifier
	if !s.ReadASN1(&key, constructedTag(1)) || !s.Empty() || !pkix.ReadAlgorithmIdentifier(&key, &alg) ||
		!key.ReadASN1BitStringAsBytes(&info.Point) || !key.Empty() {
		return false
	}
	curve := ""
	switch curveOfPoint(len(info.Point)) {
	case nil:
		info.Refused = "an ephemeral key that is not an uncompressed point of P-256, P-384 or P-521"
		return true
	default:
		curve = curveParameters[len(info.Point)]
	}
	// RFC 5753 §3.1.1: parameters are absent, NULL in old writers, or the curve.
	if p := string(alg.Parameters); alg.OID != oidECPublicKey || p != "" && p != "\x05\x00" && p != curve {
		info.Refused = "an ephemeral key of another algorithm or curve"
	}
	return true
}

// curveParameters maps the length of an uncompressed point to the OBJECT IDENTIFIER of its curve.
var curveParameters = map[int]string{
	65:  "\x06\x08" + string(oidCurveP256),
	97:  "\x06\x05" + string(oidCurveP384),
	133: "\x06\x05" + string(oidCurveP521),
}

func (info *recipientInfo) readKeyAgreementAlgorithm(s *cryptobyte.String) bool {
	var alg, wrap pkix.AlgorithmIdentifier
	if !pkix.ReadAlgorithmIdentifier(s, &alg) {
		return false
	}
	switch alg.OID {
	case oidStdDHSHA256KDF:
		info.KDF = crypto.SHA256
	case oidStdDHSHA384KDF:
		info.KDF = crypto.SHA384
	default:
		info.Refused = refusal("key agreement algorithm", alg.OID, refusedKeyAgreement)
		return true
	}
	info.KeyWrap = alg.Parameters
	parameters := cryptobyte.String(alg.Parameters)
	switch {
	case !pkix.ReadAlgorithmIdentifier(&parameters, &wrap) || !parameters.Empty():
		return false
	case wrap.OID != oidAES256Wrap:
		info.Refused = refusal("key wrap algorithm", wrap.OID, nil)
	case wrap.Parameters != nil && string(wrap.Parameters) != "\x05\x00": // RFC 3565 §2.3.2 says absent
		info.Refused = "AES-256 key wrap with parameters"
	}
	return true
}

// readKeyAgreeRecipient reads KeyAgreeRecipientIdentifier. The date and other attributes of a RecipientKeyIdentifier are of no use.
func (id *SignerID) readKeyAgreeRecipient(s *cryptobyte.String) bool {
	if !s.PeekASN1Tag(constructedTag(0)) {
		return id.readIssuerAndSerial(s)
	}
	var key cryptobyte.String
	if !s.ReadASN1(&key, constructedTag(0)) || !key.ReadASN1((*cryptobyte.String)(&id.SubjectKeyID), asn1.OCTET_STRING) {
		return false
	}
	return len(id.SubjectKeyID) > 0 &&
		key.SkipOptionalASN1(asn1.GeneralizedTime) && key.SkipOptionalASN1(asn1.SEQUENCE) && key.Empty()
}

func (id *SignerID) readIssuerAndSerial(s *cryptobyte.String) bool {
	var pair, issuer, serial cryptobyte.String
	if !s.ReadASN1(&pair, asn1.SEQUENCE) || !pair.ReadASN1Element(&issuer, asn1.SEQUENCE) ||
		!pair.ReadASN1(&serial, asn1.INTEGER) || !pair.Empty() || serial.Empty() {
		return false
	}
	id.RawIssuer, id.RawSerial = issuer, serial
	return true
}

func readEncryptedKey(s *cryptobyte.String, out *[]byte) bool {
	return s.ReadASN1((*cryptobyte.String)(out), asn1.OCTET_STRING) && len(*out) > 0 && len(*out) <= limits.EnvelopeKey
}

// isOAEPSHA256 reads RSAES-OAEP-params (RFC 4055 §4.1). Absent fields are SHA-1, which is refused, but for an absent label.
func isOAEPSHA256(parameters []byte) bool {
	var params, hash, mask, label cryptobyte.String
	var hasLabel bool
	var mgf, source pkix.AlgorithmIdentifier
	s := cryptobyte.String(parameters)
	if !s.ReadASN1(&params, asn1.SEQUENCE) || !s.Empty() ||
		!params.ReadASN1(&hash, constructedTag(0)) || !isSHA256(hash) ||
		!params.ReadASN1(&mask, constructedTag(1)) ||
		!pkix.ReadAlgorithmIdentifier(&mask, &mgf) || !mask.Empty() || mgf.OID != oidMGF1 || !isSHA256(mgf.Parameters) ||
		!params.ReadOptionalASN1(&label, &hasLabel, constructedTag(2)) || !params.Empty() {
		return false
	}
	if !hasLabel {
		return true
	}
	return pkix.ReadAlgorithmIdentifier(&label, &source) && label.Empty() &&
		source.OID == oidPSpecified && string(source.Parameters) == "\x04\x00"
}

func isSHA256(s cryptobyte.String) bool {
	var alg pkix.AlgorithmIdentifier
	return pkix.ReadAlgorithmIdentifier(&s, &alg) && s.Empty() && alg.OID == oidEnvelopeSHA256 &&
		(alg.Parameters == nil || string(alg.Parameters) == "\x05\x00") // RFC 4055 §2.1: both are read
}

func refusal(what string, oid der.OID, names map[der.OID]string) string {
	if name := names[oid]; name != "" {
		return what + " " + name
	}
	return what + " " + strconv.Quote(oid.String())
}
