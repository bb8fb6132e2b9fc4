package main

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// members lists the members of a JSON object, in their order; those of the objects inside follow theirs, after a dot, once.
func members(t *testing.T, line string) (names []string) {
	t.Helper()
	require.Equal(t, 1, strings.Count(line, "\n"))
	decoder := json.NewDecoder(strings.NewReader(line))
	var walk func(prefix string)
	walk = func(prefix string) {
		token, err := decoder.Token()
		require.NoError(t, err)
		require.NotNil(t, token, "%s is null", prefix)
		switch token {
		case json.Delim('['):
			for decoder.More() {
				walk(prefix)
			}
			decoder.Token()
		case json.Delim('{'):
			for decoder.More() {
				name, err := decoder.Token()
				require.NoError(t, err)
				path := strings.TrimPrefix(prefix+"."+name.(string), ".")
				if !slices.Contains(names, path) {
					names = append(names, path)
				}
				walk(path)
			}
			decoder.Token()
		}
	}
	walk("")
	return names
}

func under(prefix string, names ...string) (all []string) {
	for _, name := range names {
		all = append(all, prefix+name)
	}
	return all
}

// The members of the line of JSON of each command, as the package comment has them. Programs read them: none is taken away.
func TestJSONContract(t *testing.T) {
	d := newDesk(t)
	manifest := []string{"sender", "senderCertificate", "recipients", "created", "notAfter", "purpose", "manifestDigest",
		"parts", "parts.name", "parts.mediaType", "parts.size", "parts.hash", "parts.salted"}
	verify := []string{"schema", "command", "file", "id", "verdict", "complete", "steps", "steps.step", "steps.state"}
	show := []string{"schema", "command", "file", "id", "recipients", "profile", "notAfter", "payloadSize", "capsuleSize", "capsuleSha256", "findings"}
	key := " -key @rsa.p12 -password essai -anchors @root.pem -in @pli"

	require.Equal(t, slices.Concat([]string{"schema", "command", "id", "file", "size"}, manifest), members(t, d.must(sealLine+" -json")))
	require.Equal(t, slices.Concat([]string{"schema", "command", "id", "folder", "recipient", "findings"}, manifest),
		members(t, d.must("open -json"+key+" -out @out")))
	require.Equal(t, slices.Concat(verify, []string{"findings", "manifest"}, under("manifest.", manifest...)), members(t, d.must("verify -json"+key)))
	require.Equal(t, slices.Concat(verify, []string{"steps.detail", "findings"}), members(t, d.must("verify -json -unsafe-any-sender -in @pli")))
	require.Equal(t, show, members(t, d.must("show -json -in @pli")))
	require.Equal(t, slices.Concat(show, []string{"manifest"}, under("manifest.", manifest...), []string{"manifest.parts.sha256"}),
		members(t, d.must("show -json"+key)))

	failure := []string{"schema", "command", "error", "error.reason", "error.message"}
	d.write("short", d.read("pli")[:100])
	for _, line := range []string{
		"open -json -key @rsa.p12 -password essai -anchors @root.pem -in @short -out @new", "show -json -in @short", "show -json -in @nothing",
		"seal -json -from @rsa.p12 -password essai -to @ec.pem -in @vide.txt -out @new",
	} {
		status, out, _ := d.run(line)
		require.Equal(t, exitFailed, status, line)
		require.Equal(t, failure, members(t, out), line)
	}
	status, out, _ := d.run("verify -json -unsafe-any-sender -in @short")
	require.Equal(t, exitFailed, status)
	require.Equal(t, []string{"schema", "command", "file", "verdict", "complete", "steps", "steps.step", "steps.state", "steps.detail", "findings",
		"error", "error.reason", "error.message"}, members(t, out))
}

// Every flag of the contract is a flag of its command.
func TestFlagsOfTheContract(t *testing.T) {
	d := newDesk(t)
	for command, flags := range map[string]string{
		"seal":   "from password password-file sender to in out",
		"open":   "key password password-file siret anchors at in out force unsafe-any-sender",
		"verify": "in anchors key password password-file unsafe-any-sender",
		"show":   "in key password password-file",
	} {
		status, _, usage := d.run(command + " -h")
		require.Equal(t, exitDone, status)
		for _, name := range strings.Fields(flags) {
			require.Regexp(t, `(?m)^  -`+name+`\b`, usage, "seal %s -%s", command, name)
		}
	}
}

// A sender is believed by -anchors or by nothing: open and verify refuse without.
func TestNoAnchors(t *testing.T) {
	d := newDesk(t)
	d.must(sealLine)
	for _, line := range []string{"open -key @rsa.p12 -password essai -in @pli -out @out", "verify -in @pli", "verify -key @rsa.p12 -password essai -in @pli"} {
		d.refuses(exitFailed, "no -anchors", line)
	}
}
