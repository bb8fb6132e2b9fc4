package report

// URIs of algorithms: RFC 9231, XML Signature, XML Encryption. EdDSA is that of RFC 9231 §2.3.12.

// digests are named as in package facts.
var digests = map[string]string{
	"MD5":        "http://www.w3.org/2001/04/xmldsig-more#md5",
	"SHA-1":      "http://www.w3.org/2000/09/xmldsig#sha1",
	"SHA-224":    "http://www.w3.org/2001/04/xmldsig-more#sha224",
	"SHA-256":    "http://www.w3.org/2001/04/xmlenc#sha256",
	"SHA-384":    "http://www.w3.org/2001/04/xmldsig-more#sha384",
	"SHA-512":    "http://www.w3.org/2001/04/xmlenc#sha512",
	"SHA3-224":   "http://www.w3.org/2007/05/xmldsig-more#sha3-224",
	"SHA3-256":   "http://www.w3.org/2007/05/xmldsig-more#sha3-256",
	"SHA3-384":   "http://www.w3.org/2007/05/xmldsig-more#sha3-384",
	"SHA3-512":   "http://www.w3.org/2007/05/xmldsig-more#sha3-512",
	"RIPEMD-160": "http://www.w3.org/2001/04/xmlenc#ripemd160",
}

// schemes are signature algorithms, by their names in package facts.
var schemes = map[string]string{
	"RSASSA-PKCS1-v1_5 with SHA-1":   "http://www.w3.org/2000/09/xmldsig#rsa-sha1",
	"RSASSA-PKCS1-v1_5 with SHA-224": "http://www.w3.org/2001/04/xmldsig-more#rsa-sha224",
	"RSASSA-PKCS1-v1_5 with SHA-256": "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
	"RSASSA-PKCS1-v1_5 with SHA-384": "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384",
	"RSASSA-PKCS1-v1_5 with SHA-512": "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512",
	"RSASSA-PSS with SHA-1":          "http://www.w3.org/2007/05/xmldsig-more#sha1-rsa-MGF1",
	"RSASSA-PSS with SHA-224":        "http://www.w3.org/2007/05/xmldsig-more#sha224-rsa-MGF1",
	"RSASSA-PSS with SHA-256":        "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1",
	"RSASSA-PSS with SHA-384":        "http://www.w3.org/2007/05/xmldsig-more#sha384-rsa-MGF1",
	"RSASSA-PSS with SHA-512":        "http://www.w3.org/2007/05/xmldsig-more#sha512-rsa-MGF1",
	"RSASSA-PSS with SHA3-224":       "http://www.w3.org/2007/05/xmldsig-more#sha3-224-rsa-MGF1",
	"RSASSA-PSS with SHA3-256":       "http://www.w3.org/2007/05/xmldsig-more#sha3-256-rsa-MGF1",
	"RSASSA-PSS with SHA3-384":       "http://www.w3.org/2007/05/xmldsig-more#sha3-384-rsa-MGF1",
	"RSASSA-PSS with SHA3-512":       "http://www.w3.org/2007/05/xmldsig-more#sha3-512-rsa-MGF1",
	"ECDSA with SHA-1":               "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha1",
	"ECDSA with SHA-224":             "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha224",
	"ECDSA with SHA-256":             "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256",
	"ECDSA with SHA-384":             "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384",
	"ECDSA with SHA-512":             "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512",
	"ECDSA with SHA3-224":            "http://www.w3.org/2021/04/xmldsig-more#ecdsa-sha3-224",
	"ECDSA with SHA3-256":            "http://www.w3.org/2021/04/xmldsig-more#ecdsa-sha3-256",
	"ECDSA with SHA3-384":            "http://www.w3.org/2021/04/xmldsig-more#ecdsa-sha3-384",
	"ECDSA with SHA3-512":            "http://www.w3.org/2021/04/xmldsig-more#ecdsa-sha3-512",
	"DSA with SHA-1":                 "http://www.w3.org/2000/09/xmldsig#dsa-sha1",
	"DSA with SHA-256":               "http://www.w3.org/2009/xmldsig11#dsa-sha256",
	"Ed25519":                        "http://www.w3.org/2021/04/xmldsig-more#eddsa-ed25519",
	"Ed448":                          "http://www.w3.org/2021/04/xmldsig-more#eddsa-ed448",
}
