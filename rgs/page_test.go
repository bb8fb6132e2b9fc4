package rgs_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/rgs"
)

var update = flag.Bool("update", false, "write docs/rgs-rules.md again")

// TestRulesPage keeps docs/rgs-rules.md equal to the registry: go test ./rgs -run RulesPage -update.
func TestRulesPage(t *testing.T) {
	const path = "../docs/rgs-rules.md"
	page := rulesPage(rgs.Default().Rules())
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(page), 0o644))
	}
	written, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, page, string(written), "go test ./rgs -run RulesPage -update")
}

func rulesPage(rules []rgs.Rule) string {
	var b strings.Builder
	fmt.Fprintf(&b, `# Règles du RGS vérifiées par la machine

Cette page est produite par le registre (`+"`rgs.Default()`"+`) : un test la tient à jour. %d règles.

Un manquement à une règle donne *non conforme*, à une recommandation *à améliorer*, le reste est *à noter*. L'annexe B1
(§1.4) prévient que ses règles sont en général nécessaires et jamais suffisantes : respecter tout ce qui suit ne donne pas de
niveau, qui ne vient que de l'offre qualifiée dont relève le certificat.
`, len(rules))
	words := map[rgs.Status]string{rgs.Fail: "non conforme", rgs.Warn: "à améliorer", rgs.Notice: "à noter"}
	var source rgs.Source
	for _, r := range rules {
		if r.Source != source {
			source = r.Source
			fmt.Fprintf(&b, "\n## %s, version %s\n\n| règle | identifiant | ce qui est vérifié | sinon | usage | niveaux |\n| --- | --- | --- | --- | --- | --- |\n", source.Document, source.Version)
		}
		fmt.Fprintf(&b, "| %s | `%s` | %s | %s | %s | %s |\n", r.Clause, r.ID, r.Title.FR, words[r.Fails], window(r.Use), levels(r.Levels))
	}
	return b.String()
}

func window(w rgs.Window) string {
	day := func(t time.Time) string { return t.Format("02/01/2006") }
	switch {
	case !w.From.IsZero() && !w.Until.IsZero():
		return "du " + day(w.From) + " au " + day(w.Until.AddDate(0, 0, -1))
	case !w.From.IsZero():
		return "depuis le " + day(w.From)
	case !w.Until.IsZero():
		return "jusqu'au " + day(w.Until.AddDate(0, 0, -1))
	}
	return "sans date dans le texte"
}

func levels(list []rgs.Level) string {
	if len(list) == 0 {
		return "tous"
	}
	var texts []string
	for _, l := range list {
		texts = append(texts, "`"+l.String()+"`")
	}
	return strings.Join(texts, " ")
}
