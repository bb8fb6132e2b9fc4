package progress_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/internal/progress"
)

func TestLine(t *testing.T) {
	require.Equal(t, "pli [===============               ]  50 %  10 MiB/s  5s ", progress.Line("pli", 50<<20, 100<<20, 5*time.Second))
	require.Contains(t, progress.Line("pli", 0, 100<<20, 0), "--")
	require.Contains(t, progress.Line("pli", 200, 100, time.Second), "100 %")
	require.Contains(t, progress.Line("pli", 0, 0, time.Second), "0 %")
}

func TestNothingElsewhereThanOnATerminal(t *testing.T) {
	var b bytes.Buffer
	update, end := progress.Bar(&b, "pli", progress.Large)
	update(1)
	end()
	require.Zero(t, b.Len())
}
