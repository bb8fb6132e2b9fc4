package limits

// Bounds of CRLs and OCSP in internal/pkix, signature/facts and signature/revocation.
const (
	// CRLSize is the longest CRL read. Entries flow, so that it bounds time (about a second) and not memory.
	CRLSize = 512 << 20
	// CRLHead is how long the name of the issuer, an algorithm or all the extensions of a CRL may be. An issuing distribution
	// point that names a few thousand places stays under it.
	CRLHead = 1 << 20
	// CRLEntry is the longest entry of a CRL, extensions included.
	CRLEntry = 60 << 10
	// CRLKept is how many entries of one CRL are kept because somebody asked for their serial. In an indirect CRL several
	// issuers may have used the same one.
	CRLKept = 1024
	// CRLComplete is up to how many entries a CRL is kept whole, so that certificates found later can be looked for in it.
	CRLComplete = 100
	// CRLSought is how many serials are looked for in one pass.
	CRLSought = 1 << 16
	// CRLWhole is the longest CRL under an algorithm that signs messages and not digests (Ed25519), which must be held whole.
	CRLWhole = 1 << 20

	// OCSPResponseSize is the longest OCSP response read. With three certificates it has 5 KiB.
	OCSPResponseSize = 1 << 20
	// OCSPRequestSize is the longest OCSP request read.
	OCSPRequestSize = 1 << 20
	// OCSPSingles is how many certificates one request asks about, or one response speaks of.
	OCSPSingles = 1024
	// OCSPCertificates is how many certificates one response may carry.
	OCSPCertificates = 64
	// OCSPNonce is the longest nonce written, and OCSPNonceRead the longest read (RFC 9654 §2.1).
	OCSPNonce     = 32
	OCSPNonceRead = 128

	// RevocationData is how many CRLs and OCSP responses the facts of one file hold.
	RevocationData = 4096
	// RevocationDeltas is how many delta lists of one issuer are weighed.
	RevocationDeltas = 16
	// RevocationURLs is how many addresses are tried for one certificate.
	RevocationURLs = 8
	// RevocationHeld is the longest CRL that a fetcher hands over whole, for a signature to embed, unless told.
	RevocationHeld = 4 << 20
	// RevocationFailures is how many addresses that failed are remembered.
	RevocationFailures = 1024
	// IssuerBundle is the longest answer to a request for the certificate of an issuer.
	IssuerBundle = 1 << 20
	// IssuerCertificates is how many certificates are read out of such an answer.
	IssuerCertificates = 64
	// Redirects is how many times in a row an HTTP server may send elsewhere.
	Redirects = 5
)
