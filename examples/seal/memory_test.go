//go:build linux

package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/signature/pkitest"
)

// The command takes at most 24 MiB whatever the size: a sparse file of CONFIANCE_MEMORY_MIB (48 unless told) is sealed, verified and
// opened by the built binary on as many cores as there are, and the peak of its resident memory is read while it runs.
//
//	CONFIANCE_MEMORY_MIB=65536 go test ./examples/seal -run TestMemory -v -timeout 1h
func TestMemory(t *testing.T) {
	size := int64(48)
	if s := os.Getenv("CONFIANCE_MEMORY_MIB"); s != "" {
		n, err := strconv.ParseInt(s, 10, 64)
		require.NoError(t, err)
		size = n
	}
	d := newDesk(t)
	binary := d.path("seal")
	out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput()
	require.NoError(t, err, "%s", out)
	sparse, err := os.Create(d.path("sparse"))
	require.NoError(t, err)
	require.NoError(t, sparse.Truncate(size<<20))
	require.NoError(t, sparse.Close())

	// run returns the peak seen, 0 if the command ended before it could be looked at, which a loaded machine brings about.
	run := func(args ...string) int {
		t.Helper()
		var output bytes.Buffer
		cmd := exec.Command(binary, args...)
		cmd.Stdout, cmd.Stderr, cmd.Dir = &output, &output, d.dir
		start := time.Now()
		require.NoError(t, cmd.Start())
		done := make(chan error, 1)
		go func() { done <- cmd.Wait() }()
		peak := 0
		for running := true; running; {
			select {
			case err := <-done:
				require.NoError(t, err, "%s", output.String())
				running = false
			case <-time.After(time.Millisecond):
				// Not ru_maxrss, which keeps what the parent had when it forked.
				peak = max(peak, highWater(cmd.Process.Pid))
			}
		}
		t.Logf("%s of %d MiB on %d cores: %.2f s, %.1f MiB", args[0], size, runtime.GOMAXPROCS(0), time.Since(start).Seconds(), float64(peak)/1024)
		require.LessOrEqual(t, peak, 24<<10, "KiB")
		return peak
	}
	measure := func(args ...string) {
		t.Helper()
		for range 20 {
			if run(args...) > 0 {
				return
			}
		}
		t.Error("the command was never seen running")
	}
	fresh := t.TempDir() // keys of today: the binary reads the clock
	today := declare(time.Now())
	for name, id := range map[string]*pkitest.Identity{"seal": today.seal, "rsa": today.rsa} {
		require.NoError(t, id.WriteFiles(fresh, name, "essai"))
	}
	require.NoError(t, os.WriteFile(filepath.Join(fresh, "root.pem"), today.root.PEM(), 0o600))
	measure("seal", "-from", fresh+"/seal.p12", "-password", "essai", "-to", fresh+"/rsa.pem", "-in", "sparse", "-out", "pli")
	measure("verify", "-key", fresh+"/rsa.p12", "-password", "essai", "-anchors", fresh+"/root.pem", "-in", "pli")
	measure("open", "-key", fresh+"/rsa.p12", "-password", "essai", "-anchors", fresh+"/root.pem", "-in", "pli", "-out", "out", "-force")
	info, err := os.Stat(filepath.Join(d.dir, "out", "sparse"))
	require.NoError(t, err)
	require.Equal(t, size<<20, info.Size())
}

var vmHWM = regexp.MustCompile(`VmHWM:\s+(\d+) kB`)

// highWater is the peak of resident memory of a process, in KiB; 0 once it has ended.
func highWater(pid int) int {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	m := vmHWM.FindSubmatch(status)
	if m == nil {
		return 0
	}
	n, _ := strconv.Atoi(string(m[1]))
	return n
}
