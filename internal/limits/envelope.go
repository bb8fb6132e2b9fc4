package limits

// Bounds of AuthEnvelopedData in internal/cms.
const (
	// EnvelopeContent is the longest content in octets: what AES-GCM protects under one key (NIST SP 800-38D §5.2.1.1).
	EnvelopeContent = 1<<36 - 32
	// EnvelopeCapsule is the longest AuthEnvelopedData handled in one piece.
	EnvelopeCapsule = PliCapsule
	// EnvelopeRecipients is how many recipients, and RecipientInfos, one AuthEnvelopedData may have. 4,096 RSA-3072
	// recipients take 2.3 MiB.
	EnvelopeRecipients = 4096
	// EnvelopeSet is the longest SET OF RecipientInfo, originatorInfo or set of attributes read from another writer.
	EnvelopeSet = 8 << 20
	// EnvelopeElements is how many elements the structure around the content may have: 64 for each recipient.
	EnvelopeElements = 64 * EnvelopeRecipients
	// EnvelopeKey is the longest encrypted key in octets: an RSA modulus of 16,384 bits.
	EnvelopeKey = RSAMaxBits / 8
	// EnvelopeCandidates is how many RecipientInfos that name one of the reader's keys are tried. A writer names a key once;
	// each candidate costs a private-key operation and a pass over the content.
	EnvelopeCandidates = 4
)
