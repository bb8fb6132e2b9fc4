package limits

// Bounds of internal/pkix.
const (
	// CertificateSize is the longest certificate read. The longest seen on European trusted lists is under 8 KiB.
	CertificateSize = 1 << 20
	// CertificateExtensions is how many extensions one certificate may have. Real ones have at most 20.
	CertificateExtensions = 256
	// CertificateAnomalies is how many anomalies are kept for one certificate; the last then says that there are more.
	CertificateAnomalies = 64
	// NameAttributes is how many attributes a distinguished name may have.
	NameAttributes = 256
	// ExtensionItems is how many items of one extension (names, policies, purposes, addresses) are read.
	ExtensionItems = 4096
	// BundleCertificates is how many certificates one PEM or DER bundle may hold.
	BundleCertificates = 16384

	// RSAMinBits is what crypto/rsa accepts at least, verification included; only a main package can lift it (GODEBUG).
	RSAMinBits = 1024
	// RSAMaxBits bounds the work of one RSA verification, about 10 ms at this size.
	RSAMaxBits = 16384
	// RSAExponentBits is the longest public exponent: FIPS 186-5 §A.1.1 says e < 2^256.
	RSAExponentBits = 256
	// DSAMaxBits bounds the work of one DSA verification.
	DSAMaxBits = 4096
)
