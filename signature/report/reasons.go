package report

import "github.com/cadre-confiance/confiance/signature/validation"

// A reason says in plain words what a sub-indication of EN 319 102-1 means, and what would change the verdict. {it} is the
// signature or the timestamp, {its} "of the signature", {signer} who signed, {ofsigner} "of the signer", {from} and {until} the
// validity of the signing certificate, {issuer} the name of who issued it.
type reason struct{ meaning, remedy text }

// vague are the sub-indications whose meaning adds nothing to the checks that did not hold.
var vague = map[validation.SubIndication]bool{
	validation.FormatFailure: true, validation.SigConstraintsFailure: true, validation.ChainConstraintsFailure: true,
	validation.CertificateChainGeneralFailure: true,
}

var again = text{
	"Faire signer à nouveau, avec un certificat en cours de validité.",
	"Have the document signed again, with a certificate that is valid.",
}

var reasons = map[validation.SubIndication]reason{
	validation.FormatFailure: {
		text{"Le fichier ou {it} n'a pas la forme qu'exige la norme.", "The file or {it} does not have the form that the standard requires."},
		text{"Obtenir l'exemplaire original, tel qu'il a été signé.", "Obtain the original file, as it was signed."},
	},
	validation.HashFailure: {
		text{"Ce qui est présenté n'est pas ce qui a été signé.", "What is presented is not what was signed."},
		text{"Obtenir l'exemplaire original ; si la signature est séparée du document, fournir celui qu'elle signe.",
			"Obtain the original; if the signature is separate from the document, provide the document that it signs."},
	},
	validation.SigCryptoFailure: {
		text{"La valeur {its} ne correspond pas à la clé {ofsigner}.", "The value {its} does not match the key {ofsigner}."},
		text{"Rien ne peut la rendre valide : obtenir l'exemplaire original ou faire signer à nouveau.",
			"Nothing can make it valid: obtain the original file or have it signed again."},
	},
	validation.Revoked: {
		text{"Le certificat {ofsigner} était déjà révoqué.", "The certificate {ofsigner} was already revoked."}, again,
	},
	validation.Expired: {
		text{"Le certificat {ofsigner} avait déjà expiré (le {until}).", "The certificate {ofsigner} had already expired ({until})."}, again,
	},
	validation.NotYetValid: {
		text{"Il est prouvé que {it} existait avant le début de validité de son certificat ({from}).",
			"It is proved that {it} existed before its certificate was valid ({from})."}, again,
	},
	validation.SigConstraintsFailure: {
		text{"Un élément {its} ne respecte pas la politique de validation.", "Something in {it} does not respect the validation policy."},
		text{"Faire signer à nouveau avec un outil conforme, ou valider selon une politique qui l'admet.",
			"Have it signed again with a tool that conforms, or validate under a policy that allows it."},
	},
	validation.ChainConstraintsFailure: {
		text{"Le certificat {ofsigner}, ou celui d'une autorité au-dessus, n'est pas prévu pour cet usage.",
			"The certificate {ofsigner}, or that of an authority above it, is not meant for this use."},
		text{"Faire signer à nouveau avec un certificat prévu pour cet usage.", "Have it signed again with a certificate meant for this use."},
	},
	validation.CertificateChainGeneralFailure: {
		text{"La chaîne de certificats n'a pas pu être vérifiée jusqu'au bout.", "The chain of certificates could not be verified to its end."},
		text{"Lever les points ci-dessus, puis valider à nouveau.", "Settle the points above, then validate again."},
	},
	validation.CryptoConstraintsFailure: {
		text{"Un algorithme employé n'était déjà plus accepté.", "An algorithm in use was no longer accepted."},
		text{"Faire signer à nouveau avec un algorithme accepté.", "Have it signed again with an accepted algorithm."},
	},
	validation.CryptoConstraintsFailureNoPOE: {
		text{"Un algorithme employé n'est pas accepté à cette date, et rien ne prouve que {it} soit d'une date où il l'était.",
			"An algorithm in use is not accepted at this date, and nothing proves that {it} is from a date when it was."},
		text{"Fournir une preuve d'une date où il était accepté (horodatage, date de dépôt en archive).",
			"Provide a proof from a date when it was accepted (a timestamp, the date of deposit in an archive)."},
	},
	validation.PolicyProcessingError: {
		text{"La politique de signature désignée ne peut pas être lue, ou ce n'est pas la bonne.",
			"The signature policy that is named cannot be read, or is not the right one."},
		text{"Fournir le document exact de cette politique.", "Provide the exact document of that policy."},
	},
	validation.SignaturePolicyNotAvailable: {
		text{"La politique de signature désignée n'est pas à disposition.", "The signature policy that is named is not at hand."},
		text{"Fournir le document de cette politique.", "Provide the document of that policy."},
	},
	validation.TimestampOrderFailure: {
		text{"Les horodatages se contredisent : leur ordre est impossible.", "The timestamps contradict one another: their order is impossible."},
		text{"Obtenir l'exemplaire original ou faire signer à nouveau.", "Obtain the original file or have it signed again."},
	},
	validation.NoSigningCertificateFound: {
		text{"Le certificat {ofsigner} n'est pas dans le fichier, ou n'est pas celui que désigne la signature.",
			"The certificate {ofsigner} is not in the file, or is not the one that the signature designates."},
		text{"Fournir le certificat {ofsigner} à côté du fichier.", "Provide the certificate {ofsigner} beside the file."},
	},
	validation.NoCertificateChainFound: {
		text{"Le certificat {ofsigner} ne remonte à aucune des autorités de confiance qui ont été données.",
			"The certificate {ofsigner} leads to none of the trusted authorities that were given."},
		text{"Si l'autorité{issuer} est reconnue, ajouter son certificat racine aux autorités de confiance.",
			"If the authority{issuer} is one to trust, add its root certificate to the trusted authorities."},
	},
	validation.NoCertificateChainFoundNoPOE: {
		text{"L'autorité qui garantit le certificat {ofsigner} n'est plus de confiance à cette date, et rien ne prouve que {it} soit d'avant.",
			"The authority that vouches for the certificate {ofsigner} is no longer trusted at this date, and nothing proves that {it} is older."},
		text{"Fournir une preuve d'avant la fin de cette confiance (horodatage, date de dépôt en archive).",
			"Provide a proof from before the end of that trust (a timestamp, the date of deposit in an archive)."},
	},
	validation.RevokedNoPOE: {
		text{"Le certificat {ofsigner} est révoqué, et rien ne prouve que {it} soit d'avant la révocation.",
			"The certificate {ofsigner} is revoked, and nothing proves that {it} is older than the revocation."},
		text{"Fournir une preuve d'avant la révocation (horodatage, date de dépôt en archive), ou faire signer à nouveau.",
			"Provide a proof from before the revocation (a timestamp, the date of deposit in an archive), or have it signed again."},
	},
	validation.RevokedCANoPOE: {
		text{"Une autorité au-dessus du certificat {ofsigner} est révoquée, et rien ne prouve que {it} soit d'avant.",
			"An authority above the certificate {ofsigner} is revoked, and nothing proves that {it} is older."},
		text{"Fournir une preuve d'avant la révocation de l'autorité, ou faire signer à nouveau.",
			"Provide a proof from before the revocation of the authority, or have it signed again."},
	},
	validation.OutOfBoundsNotRevoked: outOfBounds,
	validation.OutOfBoundsNoPOE:      outOfBounds,
	validation.RevocationOutOfBoundsNoPOE: {
		text{"L'état de révocation est attesté par un certificat qui n'est plus en cours de validité, sans preuve de date.",
			"The revocation status is vouched for by a certificate that is past its validity, without proof of time."},
		text{"Fournir des données de révocation plus récentes.", "Provide more recent revocation data."},
	},
	validation.NoPOE: {
		text{"Il manque la preuve que {it} existait avant un événement qui l'affaiblit.",
			"A proof is missing that {it} existed before an event that weakens it."},
		text{"Fournir une preuve de date plus ancienne (horodatage, date de dépôt en archive).",
			"Provide an older proof of time (a timestamp, the date of deposit in an archive)."},
	},
	validation.TryLater: {
		text{"Les données de révocation à disposition ne permettent pas encore de conclure.",
			"The revocation data at hand do not allow a conclusion yet."},
		text{"Valider à nouveau lorsque l'autorité aura publié des données plus récentes.",
			"Validate again once the authority has published more recent data."},
	},
	validation.SignedDataNotFound: {
		text{"Ce que signe {it} n'est pas à disposition.", "What {it} signs is not at hand."},
		text{"Fournir le document sur lequel porte {it}.", "Provide the document that {it} is over."},
	},
}

var outOfBounds = reason{
	text{"Le certificat {ofsigner} est hors de sa période de validité (du {from} au {until}), et rien ne prouve que {it} soit de cette période.",
		"The certificate {ofsigner} is outside its validity (from {from} to {until}), and nothing proves that {it} is from that period."},
	text{"Fournir une preuve que {it} date de cette période : horodatage, date de dépôt en archive.",
		"Provide a proof that {it} is from that period: a timestamp, the date of deposit in an archive."},
}
