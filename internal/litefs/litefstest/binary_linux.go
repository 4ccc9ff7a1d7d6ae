package litefstest

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// repository returns the root of the repository that the test runs in.
func repository(tb testing.TB) string {
	tb.Helper()
	dir, err := os.Getwd()
	if err != nil {
		tb.Fatal(err)
	}
	for at := dir; ; at = filepath.Dir(at) {
		if _, err := os.Stat(filepath.Join(at, "litefs", "litefs.primary.yml")); err == nil {
			return at
		}
		if at == filepath.Dir(at) {
			tb.Fatalf("no folder above %s has litefs/litefs.primary.yml: run the tests inside the repository", dir)
		}
	}
}

// needFUSE fails the test on a machine that cannot mount.
func needFUSE(tb testing.TB) {
	tb.Helper()
	device, err := os.OpenFile("/dev/fuse", os.O_RDWR, 0)
	if err != nil {
		tb.Fatalf("LiteFS needs FUSE: %v: load the kernel module (modprobe fuse), give the container --device /dev/fuse, or run the tests as root", err)
	}
	device.Close()
	helper, err := exec.LookPath("fusermount3")
	if err != nil {
		tb.Fatal("LiteFS needs fusermount3: install it with `apt-get install fuse3`")
	}
	info, err := os.Stat(helper)
	if err != nil {
		tb.Fatal(err)
	}
	if os.Geteuid() != 0 && info.Mode()&os.ModeSetuid == 0 {
		tb.Fatalf("LiteFS needs to mount: run the tests as root, or `chmod u+s %s` as root", helper)
	}
}

var (
	built     string
	buildErr  error
	buildOnce sync.Once
)

// binary returns the path of a litefs binary, which it builds where there is
// none.
func binary(tb testing.TB, root string) string {
	tb.Helper()
	buildOnce.Do(func() { built, buildErr = findOrBuild(root) })
	if buildErr != nil {
		tb.Fatal(buildErr)
	}
	return built
}

func findOrBuild(root string) (string, error) {
	if path := os.Getenv("LITEFS_BIN"); path != "" {
		if _, err := exec.LookPath(path); err != nil {
			return "", fmt.Errorf("LITEFS_BIN does not name a program: %w", err)
		}
		return path, nil
	}
	path := filepath.Join(root, "bin", "litefs")
	if _, err := exec.LookPath(path); err == nil {
		return path, nil
	}
	return build(filepath.Join(root, "litefs"))
}

// build builds litefs from its module into the cache directory, once for each
// state of the module's go.mod.
func build(module string) (string, error) {
	pinned, err := os.ReadFile(filepath.Join(module, "go.mod"))
	if err != nil {
		return "", fmt.Errorf("build litefs: %w", err)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("build litefs: %w: set LITEFS_BIN to a litefs binary", err)
	}
	dir := filepath.Join(cache, "trip2g")
	path := filepath.Join(dir, fmt.Sprintf("litefs-%x", sha256.Sum256(pinned)))
	if _, err := exec.LookPath(path); err == nil {
		return path, nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("build litefs: %w", err)
	}
	// Several test binaries may build at once: each into a file of its own.
	made := fmt.Sprintf("%s.%d", path, os.Getpid())
	compile := exec.Command("go", "build", "-o", made, "github.com/superfly/litefs/cmd/litefs")
	compile.Dir = module
	compile.Env = append(os.Environ(), "GOWORK=off", "CGO_ENABLED=0")
	if out, err := compile.CombinedOutput(); err != nil {
		return "", errors.Join(fmt.Errorf("build litefs in %s: %w: set LITEFS_BIN to a litefs binary, or install what is missing\n%s", module, err, out), os.RemoveAll(made))
	}
	if err := os.Rename(made, path); err != nil {
		return "", fmt.Errorf("build litefs: %w", err)
	}
	return path, nil
}
