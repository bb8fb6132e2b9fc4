package report

// The checks of validation, in plain words: what is asked, in French (validation has it in English), and what is said when it
// does not hold. {who} is the certificate or timestamp looked at, {from} and {until} its validity; {it}, {its}, {signer} and
// {ofsigner} are those of reasons.
type words struct {
	asks    string
	broken  text
	remedy  text // what would make the check hold, when that is not what the sub-indication says
	enough  bool // the sub-indication adds nothing to it
	implied bool // it adds nothing to the sub-indication
	joined  bool // one sentence for all the certificates that the check did not hold for
	noted   bool // a reader should know, also when the policy asks only to inform
}

var checks = map[string]words{
	"format.base": {
		asks:   "{it} est conforme à son format de base",
		broken: text{"{it} n'est pas conforme à son format de base", "{it} does not conform to its base format"},
	},
	"format.deviation": {
		asks:   "le codage ne s'écarte en rien de la norme",
		broken: text{"le codage s'écarte de la norme", "the encoding deviates from the standard"},
	},
	"format.unambiguous": {
		asks:   "aucune autre signature du fichier n'a le même identifiant",
		broken: text{"une autre signature du fichier a le même identifiant", "another signature of the file has the same identifier"},
	},
	"pdf.modifications": {
		asks: "les révisions ultérieures n'ajoutent que des signatures, des horodatages et des données de validation",
		broken: text{"le PDF a été modifié après {it}, au-delà de ce qui peut suivre une signature",
			"the PDF was changed after {it}, beyond what may follow a signature"},
		remedy: text{"Obtenir le PDF tel qu'il a été signé, ou faire signer le PDF modifié.",
			"Obtain the PDF as it was signed, or have the changed PDF signed."},
		enough: true,
	},
	"timestamp.content-type": {
		asks:   "le jeton signe bien un horodatage",
		broken: text{"ce que signe le jeton n'est pas un horodatage", "what the token signs is not a timestamp"},
	},
	"signer.identified": {
		asks:   "le certificat {ofsigner} est à disposition",
		broken: text{"le certificat {ofsigner} n'est pas dans le fichier", "the certificate {ofsigner} is not in the file"},
		enough: true,
	},
	"signer.digest": {
		asks: "l'attribut signé porte l'empreinte du certificat {ofsigner}",
		broken: text{"le certificat {ofsigner} n'est pas celui dont {it} porte l'empreinte",
			"the certificate {ofsigner} is not the one whose digest is in {it}"},
	},
	"signer.issuer-serial": {
		asks: "l'émetteur et le numéro de série indiqués sont ceux du certificat {ofsigner}",
		broken: text{"l'émetteur ou le numéro de série indiqué n'est pas celui du certificat {ofsigner}",
			"the issuer or serial number given is not that of the certificate {ofsigner}"},
	},
	"signer.unambiguous": {
		asks:   "un seul certificat est désigné comme celui {ofsigner}",
		broken: text{"plusieurs certificats sont désignés comme celui {ofsigner}", "several certificates are designated as that {ofsigner}"},
	},
	"policy.processed": {
		asks: "aucune politique de signature à appliquer n'est désignée",
		broken: text{"{it} désigne une politique de signature, qui n'a pas été appliquée",
			"{it} names a signature policy, which was not applied"},
	},
	"chain.anchored": {
		asks: "une chaîne mène du certificat {ofsigner} à une autorité de confiance",
		broken: text{"le certificat {ofsigner} ne remonte à aucune des autorités de confiance qui ont été données",
			"the certificate {ofsigner} leads to none of the trusted authorities that were given"},
		enough: true,
	},
	"chain.sunset": {
		asks:   "l'autorité de confiance l'est encore à cette date",
		broken: text{"l'autorité de confiance ne l'est plus à cette date", "the trusted authority is no longer trusted at this date"},
		enough: true,
	},
	"chain.anchor-given": {
		asks: "l'autorité de confiance a été donnée, elle n'est pas tirée du fichier",
		broken: text{"la confiance vient du fichier lui-même : n'importe qui peut l'avoir fabriqué",
			"the trust comes from the file itself: anybody can have made it"},
		remedy: text{"Donner les autorités de confiance, au lieu de croire le fichier.", "Give the trusted authorities, instead of believing the file."},
	},
	"certificate.extensions": {
		asks: "{who} n'a que des extensions critiques connues et lisibles",
		broken: text{"{who} a une extension critique inconnue, illisible ou répétée",
			"{who} has a critical extension that is unknown, unreadable or repeated"},
	},
	"certificate.encoding": {
		asks:   "{who} est codé comme il se doit",
		broken: text{"{who} n'est pas codé comme il se doit", "{who} is not encoded as it must be"},
	},
	"certificate.envelope": {
		asks: "{who} ne contient rien hors de ce que son émetteur a signé",
		broken: text{"{who} contient quelque chose hors de ce que son émetteur a signé",
			"{who} holds something outside what its issuer signed"},
	},
	"certificate.algorithm-agreement": {
		asks:   "{who} nomme deux fois le même algorithme de signature",
		broken: text{"{who} nomme deux algorithmes de signature différents", "{who} names two different signature algorithms"},
	},
	"certificate.forbidden-extensions": {
		asks:   "{who} n'a aucune extension réservée à d'autres certificats",
		broken: text{"{who} a une extension réservée à d'autres certificats", "{who} has an extension that belongs to other certificates"},
	},
	"certificate.name-constraints": {
		asks:   "{who} porte un nom que ses émetteurs peuvent garantir",
		broken: text{"{who} porte un nom que ses émetteurs ne peuvent pas garantir", "{who} has a name that its issuers may not vouch for"},
	},
	"certificate.policies": {
		asks: "les politiques de certification qu'exigent les émetteurs sont là",
		broken: text{"un émetteur exige une politique de certification que {who} ne respecte pas",
			"an issuer requires a certificate policy that {who} does not respect"},
	},
	"ca.basic-constraints": {
		asks:   "{who} est celui d'une autorité de certification",
		broken: text{"{who} n'est pas celui d'une autorité de certification", "{who} is not that of a certification authority"},
	},
	"ca.path-length": {
		asks:   "{who} admet autant d'autorités au-dessous de lui",
		broken: text{"il y a plus d'autorités que {who} n'en admet au-dessous de lui", "there are more authorities than {who} allows below it"},
	},
	"ca.key-usage": {
		asks:   "{who} permet de signer des certificats",
		broken: text{"{who} ne permet pas de signer des certificats", "{who} does not allow signing certificates"},
	},
	"ca.validity": {
		asks: "{who} est en cours de validité",
		broken: text{"{who} n'est pas en cours de validité (du {from} au {until})",
			"{who} is not within its validity (from {from} to {until})"},
	},
	"ca.subject-key-identifier": {
		asks:   "{who} a un identifiant de clé",
		broken: text{"{who} n'a pas d'identifiant de clé", "{who} has no key identifier"},
	},
	"certificate.authority-key-identifier": {
		asks:   "{who} dit sous quelle clé il a été émis",
		broken: text{"{who} ne dit pas sous quelle clé il a été émis", "{who} does not say under which key it was issued"},
	},
	"revocation.available": {
		asks: "des données disent si {who} est révoqué",
		broken: text{"état de révocation inconnu pour {who} : une clé volée passerait inaperçue",
			"revocation status unknown for {who}: a stolen key would go unnoticed"},
		joined: true,
		remedy: text{"Fournir l'état de révocation (liste CRL ou réponse OCSP) publié par l'autorité qui a émis le certificat.",
			"Provide the revocation status (CRL or OCSP response) published by the authority that issued the certificate."},
	},
	"signer.key-usage": {
		asks:   "{who} est prévu pour la signature (non-répudiation)",
		broken: text{"{who} n'est pas prévu pour la signature (non-répudiation)", "{who} is not meant for signatures (non-repudiation)"},
	},
	"signer.key-signs": {
		asks:   "{who} permet de signer",
		broken: text{"{who} ne permet pas de signer", "{who} does not allow signing"},
	},
	"signer.extended-key-usage": {
		asks: "les usages étendus de {who} laissent place aux documents",
		broken: text{"{who} n'est fait que pour d'autres services (serveur, programmes, horodatage ou réponses OCSP), pas pour des documents",
			"{who} is only for other services (servers, programs, timestamps or OCSP responses), not for documents"},
	},
	"signer.not-self-signed": {
		asks:   "{who} a été émis par quelqu'un d'autre",
		broken: text{"{who} s'est garanti lui-même : personne d'autre ne l'a émis", "{who} vouches for itself: nobody else issued it"},
	},
	"timestamp.extended-key-usage": {
		asks: "{who} est réservé à l'horodatage, de façon critique",
		broken: text{"{who} n'est pas réservé à l'horodatage, de façon critique",
			"{who} is not for timestamps alone, critically"},
	},
	"timestamp.authority-not-ca": {
		asks:   "{who} n'est pas celui d'une autorité de certification",
		broken: text{"{who} est celui d'une autorité de certification", "{who} is that of a certification authority"},
	},
	"certificate.algorithm": {
		asks: "les algorithmes qui garantissent {who} sont acceptés à cette date",
		broken: text{"les algorithmes qui garantissent {who} ne sont pas tous acceptés sans réserve à cette date",
			"the algorithms behind {who} are not all accepted without reserve at this date"},
	},
	"revocation.acceptable": {
		asks: "les données de révocation concernent {who} et viennent de qui peut les donner",
		broken: text{"les données de révocation sur {who} ne sont pas recevables",
			"the revocation data about {who} are not acceptable"},
		remedy: text{"Fournir l'état de révocation (liste CRL ou réponse OCSP) publié par l'autorité qui a émis le certificat.",
			"Provide the revocation status (CRL or OCSP response) published by the authority that issued the certificate."},
	},
	"signer.not-revoked": {
		asks: "{who} n'est pas révoqué",
		broken: text{"{who} est révoqué",
			"{who} is revoked"},
	},
	"ca.not-revoked": {
		asks: "{who}, d'une autorité, n'est pas révoqué",
		broken: text{"{who}, d'une autorité, est révoqué",
			"{who}, of an authority, is revoked"},
	},
	"revocation.not-on-hold": {
		asks: "{who} n'est pas suspendu",
		broken: text{"{who} est suspendu",
			"{who} is suspended"},
	},
	"revocation.next-update": {
		asks: "la liste qui dit si {who} est révoqué annonce la suivante",
		broken: text{"la liste qui dit si {who} est révoqué n'annonce pas la suivante",
			"the list that says whether {who} is revoked does not announce the next one"},
	},
	"revocation.fresh": {
		asks: "les données de révocation sur {who} sont assez récentes",
		broken: text{"les données de révocation sur {who} sont trop anciennes",
			"the revocation data about {who} are too old"},
	},
	"revocation.algorithm": {
		asks: "les données de révocation sont signées par un algorithme admis à cette date",
		broken: text{"des données de révocation sont signées par un algorithme qui n'est plus admis sans réserve à cette date",
			"revocation data are signed by an algorithm that is not accepted without reserve at this date"},
	},
	"signer.validity": {
		asks: "{who} est en cours de validité",
		broken: text{"{who} n'est pas en cours de validité (du {from} au {until})",
			"{who} is not within its validity (from {from} to {until})"},
		implied: true,
	},
	"revocation.signer-validity": {
		asks: "qui a signé les données de révocation est en cours de validité",
		broken: text{"qui a signé les données de révocation n'est plus en cours de validité",
			"who signed the revocation data is no longer within validity"},
	},
	"reference.found": {
		asks:   "ce que signe {it} est à disposition",
		broken: text{"ce que signe {it} n'est pas à disposition", "what {it} signs is not at hand"},
		enough: true,
	},
	"reference.intact": {
		asks: "ce qui est présenté a l'empreinte qui a été signée",
		broken: text{"ce qui est présenté n'est pas ce qui a été signé : l'empreinte diffère",
			"what is presented is not what was signed: the digest differs"},
		enough: true,
	},
	"value.supported": {
		asks: "les algorithmes {its} peuvent être calculés ici",
		broken: text{"{it} emploie un algorithme que ce programme ne sait pas calculer",
			"{it} uses an algorithm that this program cannot compute"},
		remedy: text{"Valider avec un outil qui sait calculer cet algorithme.", "Validate with a tool that can compute this algorithm."},
	},
	"value.intact": {
		asks: "la valeur {its} correspond à la clé du certificat {ofsigner}",
		broken: text{"la valeur {its} ne correspond pas à la clé du certificat {ofsigner}",
			"the value {its} does not match the key of the certificate {ofsigner}"},
		enough: true,
	},
	"attribute.signing-certificate": {
		asks: "un attribut signé désigne le certificat {ofsigner}",
		broken: text{"aucun attribut signé ne désigne le certificat {ofsigner}",
			"no signed attribute refers to the certificate {ofsigner}"},
	},
	"attribute.signing-certificate-unique": {
		asks: "un seul attribut signé désigne le certificat {ofsigner}",
		broken: text{"plusieurs attributs signés désignent le certificat {ofsigner}",
			"several signed attributes refer to the certificate {ofsigner}"},
	},
	"attribute.signing-time": {
		asks:   "une date de signature est déclarée",
		broken: text{"aucune date de signature n'est déclarée", "no signing time is claimed"},
	},
	"attribute.signing-time-in-validity": {
		asks: "la date déclarée est dans la période de validité du certificat {ofsigner}",
		broken: text{"la date déclarée est hors de la période de validité du certificat {ofsigner}",
			"the time claimed is outside the validity of the certificate {ofsigner}"},
	},
	"attribute.message-digest": {
		asks:   "l'empreinte du contenu est un attribut signé",
		broken: text{"l'empreinte du contenu n'est pas un attribut signé", "the digest of the content is not a signed attribute"},
	},
	"attribute.content-type": {
		asks: "le type du contenu est un attribut signé, et c'est celui qui est annoncé",
		broken: text{"le type du contenu n'est pas un attribut signé, ou n'est pas celui qui est annoncé",
			"the type of the content is no signed attribute, or is not the one announced"},
	},
	"algorithm.agreement": {
		asks: "le contenu et les attributs sont résumés par le même algorithme",
		broken: text{"le contenu et les attributs ne sont pas résumés par le même algorithme",
			"content and attributes are not hashed by the same algorithm"},
	},
	"algorithm.signing-certificate-digest": {
		asks: "le certificat {ofsigner} est désigné par un algorithme d'empreinte accepté",
		broken: text{"le certificat {ofsigner} est désigné par un algorithme d'empreinte qui n'est pas accepté sans réserve",
			"the certificate {ofsigner} is referred to by a digest algorithm that is not accepted without reserve"},
	},
	"algorithm.digest": {
		asks: "l'algorithme d'empreinte {its} est accepté à cette date",
		broken: text{"l'algorithme d'empreinte {its} n'est pas accepté sans réserve à cette date",
			"the digest algorithm {its} is not accepted without reserve at this date"},
	},
	"algorithm.signature": {
		asks: "l'algorithme {its} et la clé sont acceptés à cette date",
		broken: text{"l'algorithme {its} ou la taille de la clé n'est pas accepté sans réserve à cette date",
			"the algorithm {its}, or the size of the key, is not accepted without reserve at this date"},
	},
	"timestamp.used": {
		asks:   "{who} est valide et prouve une date",
		broken: text{"{who} n'est pas valide : il ne prouve pas de date", "{who} is not valid: it proves no date"},
		noted:  true,
	},
	"time.not-before": {
		asks: "{it} n'existait pas avant le début de validité de son certificat",
		broken: text{"{it} existait avant le début de validité de son certificat ({from})",
			"{it} existed before its certificate was valid ({from})"},
		enough: true,
	},
	"time.not-after": {
		asks: "il est prouvé que {it} existait pendant la validité de son certificat",
		broken: text{"rien ne prouve que {it} existait pendant la validité de son certificat (du {from} au {until}), ou que celui-ci n'était pas révoqué",
			"nothing proves that {it} existed while its certificate was valid (from {from} to {until}), or that the certificate was not revoked"},
		enough: true,
	},
	"time.algorithms": {
		asks: "il est prouvé que {it} existait quand ses algorithmes étaient acceptés",
		broken: text{"rien ne prouve que {it} existait quand ses algorithmes étaient acceptés",
			"nothing proves that {it} existed while its algorithms were accepted"},
		enough: true,
	},
	"time.content-timestamp": {
		asks: "le contenu n'a pas été horodaté après l'expiration du certificat {ofsigner}",
		broken: text{"le contenu a été horodaté après l'expiration du certificat {ofsigner} ({until})",
			"the content was timestamped after the certificate {ofsigner} had expired ({until})"},
	},
	"time.content-timestamp-revocation": {
		asks: "le contenu n'a pas été horodaté après la révocation du certificat {ofsigner}",
		broken: text{"le contenu a été horodaté après la révocation du certificat {ofsigner}",
			"the content was timestamped after the certificate {ofsigner} had been revoked"},
	},
	"time.before-revocation": {
		asks: "il est prouvé que {it} existait avant la révocation de {who}",
		broken: text{"rien ne prouve que {it} existait avant que {who} soit révoqué",
			"nothing proves that {it} existed before {who} was revoked"},
	},
	"time.before-suspension": {
		asks: "il est prouvé que {it} existait avant la suspension de {who}",
		broken: text{"rien ne prouve que {it} existait avant que {who} soit suspendu",
			"nothing proves that {it} existed before {who} was suspended"},
	},
	"time.revocation-fresh": {
		asks: "les données de révocation étaient assez récentes quand {it} existait déjà",
		broken: text{"les données de révocation sur {who} étaient trop anciennes quand {it} a été faite",
			"the revocation data about {who} were too old when {it} was made"},
	},
	"timestamp.order": {
		asks:   "les horodatages se suivent dans un ordre possible",
		broken: text{"les horodatages se suivent dans un ordre impossible", "timestamps follow one another in an impossible order"},
	},
}
