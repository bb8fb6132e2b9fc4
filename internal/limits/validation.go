package limits

// Bounds of signature/trust.
const (
	// TrustFile is the longest file of anchors, or of constraints on them, in octets.
	TrustFile = 16 << 20
	// TrustFiles is how many files one folder of anchors may hold.
	TrustFiles = 10_000
	// TrustAnchors is how many anchors one set may hold. All the services of the European trusted lists are about 5,000.
	TrustAnchors = 50_000
	// TrustPeriods is how many periods of trust one anchor may have.
	TrustPeriods = 100
)

// Bounds of signature/validation and signature/collect.
const (
	// PathLength is how many certificates a chain may have, signer and anchor included.
	PathLength = 20
	// SignerCandidates is how many certificates are tried as the signer of one signature.
	SignerCandidates = 32
	// PathSteps is how many issuers are tried in search of the chains of one certificate.
	PathSteps = 500
	// PathIssuers is how many possible issuers of one certificate are weighed.
	PathIssuers = 100
	// PathCandidates is how many chains to an anchor are weighed for one certificate.
	PathCandidates = 32
	// PathPolicies is how many certificate policies, and how many mappings, one certificate of a chain may have.
	PathPolicies = 64
	// ValidationSteps is how many issuers are tried for a whole file.
	ValidationSteps = 20_000
	// RevocationDepth is how many times in a row who signed revocation data may himself need revocation data.
	RevocationDepth = 4
	// RevocationWork bounds the weighing of revocation data for a whole file, in objects looked at: well under a second.
	RevocationWork = 1_000_000
	// ValidationNeeds is how many needs one conclusion names.
	ValidationNeeds = 5_000
	// CollectRounds is how many times collect concludes again with what it found.
	CollectRounds = 16
	// CollectWork bounds the cryptography done for one file, in units of some 30 µs: well under a second. Files with hundreds of signatures stay under a tenth of it.
	CollectWork = 20_000
	// CollectFetches is how many times sources are asked for one file.
	CollectFetches = 200
	// CachedCertificate is the longest certificate kept parsed between files, in octets.
	CachedCertificate = 16 << 10
	// ValidatorCache is how many certificates, and how many pairs of certificates, a Validator remembers unless told.
	ValidatorCache = 4096
	// ValidatorTokens is how many timestamps one file may have. Archives renewed for a century stay under 200.
	ValidatorTokens = 4_000
)
