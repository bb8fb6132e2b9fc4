package rgs

import (
	//lint:ignore SA1019 rules are about such keys
	"crypto/dsa"
	"fmt"
	"math/big"
	"time"

	"github.com/cadre-confiance/confiance/internal/pkix"
)

// The two turning points of annexe B1: a use after the first is judged by the second rule of each dated pair.
var (
	after2020 = time.Date(2021, 1, 1, 0, 0, 0, 0, time.UTC)
	after2030 = time.Date(2031, 1, 1, 0, 0, 0, 0, time.UTC)
)

func isRSA(k *pkix.PublicKeyInfo) bool { return k.Modulus != nil }

var notRSA = Text{"la clé n'est pas RSA", "the key is not RSA"}

// rsaBits judges the size of a modulus; the texts are formatted once per size.
func rsaBits(least int) func(*certificate, *findings) {
	return func(c *certificate, f *findings) {
		if !isRSA(&c.PublicKey) {
			f.skip(notRSA)
			return
		}
		f.verdict(c.PublicKey.Bits >= least, pathKey, Text{
			fmt.Sprintf("module RSA de %d bits, %d au moins", c.PublicKey.Bits, least),
			fmt.Sprintf("RSA modulus of %d bits, at least %d", c.PublicKey.Bits, least)})
	}
}

const pathKey = "subjectPublicKeyInfo"

// factorisation holds the rules of B1 §2.2.1.1.
func factorisation() []*Rule {
	const clause = "B1 2.2.1.1 "
	return []*Rule{
		{ID: "rgs_b1_fact_1", Name: "RègleFact-1", Kind: Regle, Clause: clause + "RègleFact-1", Source: AnnexeB1, Use: Window{Until: after2030},
			Evidence: OnCertificate, Fails: Fail, Title: Text{"module RSA d'au moins 2048 bits, pour un usage jusqu'à 2030", "RSA modulus of at least 2048 bits, for a use until 2030"},
			check: rsaBits(2048)},
		{ID: "rgs_b1_fact_2", Name: "RègleFact-2", Kind: Regle, Clause: clause + "RègleFact-2", Source: AnnexeB1,
			Evidence: OnCertificate, Fails: Fail, Title: Text{"module RSA d'au moins 3072 bits, pour un usage au-delà de 2030", "RSA modulus of at least 3072 bits, for a use beyond 2030"},
			check: func(c *certificate, f *findings) {
				// The use of a certificate ends with its validity: that date decides, not the day of the check.
				if c.NotAfter.Before(after2030) && c.in.Time.Before(after2030) {
					f.skip(Text{"le certificat n'est plus utilisé après 2030", "the certificate is not used after 2030"})
					return
				}
				rsaBits(3072)(c, f)
			}},
		{ID: "rgs_b1_recomfact_1", Name: "RecomFact-1", Kind: Recommandation, Clause: clause + "RecomFact-1", Source: AnnexeB1,
			Evidence: OnCertificate, Fails: Warn, Title: Text{"module RSA d'au moins 3072 bits dès à présent", "RSA modulus of at least 3072 bits already now"},
			check: rsaBits(3072)},
		{ID: "rgs_b1_fact_4", Name: "RègleFact-4", Kind: Regle, Clause: clause + "RègleFact-4", Source: AnnexeB1,
			Evidence: OnCertificate, Fails: Fail, Title: Text{"exposant public supérieur à 65536 pour chiffrer", "public exponent above 65536 for encryption"},
			check: func(c *certificate, f *findings) {
				switch {
				case !isRSA(&c.PublicKey):
					f.skip(notRSA)
				case c.KeyUsage == nil:
					f.unknown("extensions.keyUsage", Text{"KeyUsage absent : on ne sait pas si la clé chiffre", "no KeyUsage: whether the key encrypts is not known"})
				case c.bits()&(kuKeyEncipherment|kuDataEncipherment) == 0:
					f.skip(Text{"la clé ne chiffre pas", "the key does not encrypt"})
				default:
					exponent(c, f)
				}
			}},
		{ID: "rgs_b1_recomfact_2", Name: "RecomFact-2", Kind: Recommandation, Clause: clause + "RecomFact-2", Source: AnnexeB1,
			Evidence: OnCertificate, Fails: Warn, Title: Text{"exposant public supérieur à 65536 pour tout usage", "public exponent above 65536 for every use"},
			check: func(c *certificate, f *findings) {
				if !isRSA(&c.PublicKey) {
					f.skip(notRSA)
					return
				}
				exponent(c, f)
			}},
	}
}

var e65536 = big.NewInt(65536)

func exponent(c *certificate, f *findings) {
	e := c.PublicKey.Exponent
	if e == nil {
		f.unknown(pathKey, Text{"exposant public illisible", "public exponent cannot be read"})
		return
	}
	shown := e.String()
	if e.BitLen() > 64 {
		shown = fmt.Sprintf("2^%d environ", e.BitLen()-1)
	}
	f.verdict(e.Cmp(e65536) > 0, pathKey, Text{"exposant public " + shown, "public exponent " + shown})
}

// logarithm holds the rules of B1 §2.2.1.2 that a DSA key shows.
func logarithm() []*Rule {
	const clause = "B1 2.2.1.2 "
	check := func(bits func(*dsa.PublicKey) int, least int, fr, en string) func(*certificate, *findings) {
		return func(c *certificate, f *findings) {
			if c.PublicKey.Kind != "DSA" {
				f.skip(Text{"la clé n'est pas DSA", "the key is not DSA"})
				return
			}
			key, _ := c.PublicKey.Public.(*dsa.PublicKey)
			if key == nil || key.P == nil || key.Q == nil {
				f.unknown(pathKey, Text{"paramètres DSA hérités ou illisibles", "DSA parameters inherited or unreadable"})
				return
			}
			n := bits(key)
			f.verdict(n >= least, pathKey, Text{fmt.Sprintf(fr, n, least), fmt.Sprintf(en, n, least)})
		}
	}
	modulus := func(k *dsa.PublicKey) int { return k.P.BitLen() }
	return []*Rule{
		{ID: "rgs_b1_logp_1", Name: "RègleLogp-1", Kind: Regle, Clause: clause + "RègleLogp-1", Source: AnnexeB1, Use: Window{Until: after2030}, Evidence: OnCertificate,
			Fails: Fail, Title: Text{"module premier d'au moins 2048 bits, pour un usage jusqu'à 2030", "prime modulus of at least 2048 bits, for a use until 2030"},
			check: check(modulus, 2048, "module premier de %d bits, %d au moins", "prime modulus of %d bits, at least %d")},
		{ID: "rgs_b1_logp_2", Name: "RègleLogp-2", Kind: Regle, Clause: clause + "RègleLogp-2", Source: AnnexeB1, Evidence: OnCertificate,
			Fails: Fail, Title: Text{"module premier d'au moins 3072 bits, pour un usage au-delà de 2030", "prime modulus of at least 3072 bits, for a use beyond 2030"},
			check: func(c *certificate, f *findings) {
				if c.NotAfter.Before(after2030) && c.in.Time.Before(after2030) {
					f.skip(Text{"le certificat n'est plus utilisé après 2030", "the certificate is not used after 2030"})
					return
				}
				check(modulus, 3072, "module premier de %d bits, %d au moins", "prime modulus of %d bits, at least %d")(c, f)
			}},
		{ID: "rgs_b1_logp_3", Name: "RègleLogp-3", Kind: Regle, Clause: clause + "RègleLogp-3", Source: AnnexeB1, Evidence: OnCertificate,
			Fails: Fail, Title: Text{"ordre multiple d'un premier d'au moins 200 bits", "order multiple of a prime of at least 200 bits"},
			check: check(func(k *dsa.PublicKey) int { return k.Q.BitLen() }, 200, "sous-groupe d'ordre %d bits, %d au moins", "subgroup order of %d bits, at least %d")},
	}
}

// named lists the curves that B1 names as conforming (§2.2.1.2, §2.2.3).
var named = map[string]bool{"FRP256v1": true, "P-256": true, "P-384": true, "P-521": true, "B-283": true, "B-409": true, "B-571": true}

// curve returns the name of an elliptic key's curve, empty for another kind of key.
func (c *certificate) curve() (name string, elliptic bool) {
	switch k := &c.PublicKey; k.Kind {
	case "EC":
		return k.Curve, true
	case "Ed25519", "Ed448", "X25519", "X448":
		return string(k.Kind), true
	}
	return "", false
}

var notEC = Text{"la clé n'est pas sur courbe elliptique", "the key is not on an elliptic curve"}

// curves holds the rules of B1 §2.2.1.2 on elliptic curves.
func curves() []*Rule {
	const clause = "B1 2.2.1.2 "
	order := func(least int) func(*certificate, *findings) {
		return func(c *certificate, f *findings) {
			name, elliptic := c.curve()
			if !elliptic {
				f.skip(notEC)
				return
			}
			n := c.PublicKey.Bits // of the order of the base point, not of the field
			if n == 0 {
				f.unknown(pathKey, Text{"courbe inconnue, ordre non vérifié", "unknown curve, order not checked"})
				return
			}
			f.verdict(n >= least, pathKey, Text{fmt.Sprintf("courbe %s, ordre de %d bits, %d au moins", name, n, least), fmt.Sprintf("curve %s, order of %d bits, at least %d", name, n, least)})
		}
	}
	return []*Rule{
		{ID: "rgs_b1_ecp_1", Name: "RègleECp-1", Kind: Regle, Clause: clause + "RègleECp-1", Source: AnnexeB1, Use: Window{Until: after2020}, Evidence: OnCertificate,
			Fails: Fail, Title: Text{"ordre multiple d'un premier d'au moins 200 bits, pour un usage jusqu'à 2020", "order multiple of a prime of at least 200 bits, for a use until 2020"},
			check: order(200)},
		{ID: "rgs_b1_ecp_2", Name: "RègleECp-2", Kind: Regle, Clause: clause + "RègleECp-2", Source: AnnexeB1, Use: Window{From: after2020}, Evidence: OnCertificate,
			Fails: Fail, Title: Text{"ordre multiple d'un premier d'au moins 256 bits, pour un usage au-delà de 2020", "order multiple of a prime of at least 256 bits, for a use beyond 2020"},
			check: order(256)},
		{ID: "rgs_b1_ec_named", Name: "Courbes nommées conformes", Kind: Profil, Clause: clause + "courbes nommées", Source: AnnexeB1, Evidence: OnCertificate,
			Fails: Notice, Title: Text{"courbe parmi celles que le texte nomme conformes", "curve among those that the text names as conforming"},
			check: func(c *certificate, f *findings) {
				name, elliptic := c.curve()
				if !elliptic {
					f.skip(notEC)
					return
				}
				if name == "" {
					f.unknown(pathKey, Text{"courbe inconnue", "unknown curve"})
					return
				}
				f.verdict(named[name], pathKey, Text{"courbe " + name, "curve " + name})
			}},
	}
}

// hashes holds the rules of B1 §2.3 and the remark of §2.2.3 on PKCS#1 v1.5, applied to the certificate's own signature.
func hashes() []*Rule {
	const path = "signatureAlgorithm"
	// judge finds the digest and says whether it is as wanted. The signature of a self-issued certificate protects nothing: whoever
	// trusts it has it by another way, and a weak digest there is only worth knowing.
	judge := func(good func(digestFacts) bool) func(*certificate, *findings) {
		return func(c *certificate, f *findings) {
			_, name := c.signature()
			facts, known := digests[name]
			if !known {
				f.unknown(path, Text{"fonction de hachage inconnue ou illisible", "unknown or unreadable digest"})
				return
			}
			text := Text{"hachage " + name, "digest " + name}
			if ok := good(facts); ok || !c.selfIssued {
				f.verdict(ok, path, text)
			} else {
				f.add(Notice, path, Text{text.FR + ", dans un certificat auto-émis dont la signature ne protège rien", text.EN + ", in a self-issued certificate, whose signature protects nothing"})
			}
		}
	}
	return []*Rule{
		{ID: "rgs_b1_hash_1", Name: "RègleHash-1", Kind: Regle, Clause: "B1 2.3 RègleHash-1", Source: AnnexeB1, Use: Window{Until: after2020}, Evidence: OnCertificate, Fails: Fail,
			Title: Text{"empreinte d'au moins 200 bits, pour un usage jusqu'à 2020", "digest of at least 200 bits, for a use until 2020"},
			check: judge(func(d digestFacts) bool { return d.bits >= 200 })},
		{ID: "rgs_b1_hash_2", Name: "RègleHash-2", Kind: Regle, Clause: "B1 2.3 RègleHash-2", Source: AnnexeB1, Use: Window{From: after2020}, Evidence: OnCertificate, Fails: Fail,
			Title: Text{"empreinte d'au moins 256 bits, pour un usage au-delà de 2020", "digest of at least 256 bits, for a use beyond 2020"},
			check: judge(func(d digestFacts) bool { return d.bits >= 256 })},
		{ID: "rgs_b1_hash_3", Name: "RègleHash-3", Kind: Regle, Clause: "B1 2.3 RègleHash-3", Source: AnnexeB1, Evidence: OnCertificate, Fails: Fail,
			Title: Text{"meilleure attaque connue en collision générique : ni MD5 ni SHA-1", "no collision attack better than generic: neither MD5 nor SHA-1"},
			check: judge(func(d digestFacts) bool { return !d.broken })},
		{ID: "rgs_b1_sign_pkcs1", Name: "RSASSA-PKCS1-v1_5 (remarque)", Kind: Profil, Clause: "B1 2.2.3 remarque", Source: AnnexeB1, Evidence: OnCertificate, Fails: Notice,
			Title: Text{"signature RSASSA-PKCS1-v1_5, conforme si l'exposant n'est pas petit et le bourrage bien vérifié", "RSASSA-PKCS1-v1_5 signature, conforming if the exponent is not small and the padding well checked"},
			check: func(c *certificate, f *findings) {
				switch family, _ := c.signature(); {
				case family == "":
					f.unknown(path, Text{"algorithme de signature inconnu ou illisible", "unknown or unreadable signature algorithm"})
				case family != "RSASSA-PKCS1-v1_5":
					f.skip(Text{"la signature n'est pas RSASSA-PKCS1-v1_5", "the signature is not RSASSA-PKCS1-v1_5"})
				case c.selfIssued && isRSA(&c.PublicKey) && c.PublicKey.Exponent != nil && c.PublicKey.Exponent.Cmp(e65536) <= 0:
					// The key that signed is at hand, its exponent is small, and whether padding is checked well cannot be seen.
					f.add(Fail, path, Text{"RSASSA-PKCS1-v1_5 avec un exposant d'au plus 65536", "RSASSA-PKCS1-v1_5 with an exponent of at most 65536"})
				default:
					f.fails(path, Text{"RSASSA-PKCS1-v1_5 : conforme sous condition d'exposant et de vérification du bourrage ; RSASSA-PSS recommandé",
						"RSASSA-PKCS1-v1_5: conforming provided exponent and padding checks; RSASSA-PSS recommended"})
				}
			}},
	}
}

type digestFacts struct {
	bits   int
	broken bool // a collision attack far better than 2^(h/2) is known
}

var digests = map[string]digestFacts{
	"MD2": {128, true}, "MD5": {128, true}, "SHA-1": {160, true}, "RIPEMD-160": {160, false}, "SHA-224": {224, false}, "SHA-256": {256, false},
	"SHA-384": {384, false}, "SHA-512": {512, false}, "SHA-512/224": {224, false}, "SHA-512/256": {256, false},
	"SHA3-224": {224, false}, "SHA3-256": {256, false}, "SHA3-384": {384, false}, "SHA3-512": {512, false}, "SHAKE256": {512, false},
}
