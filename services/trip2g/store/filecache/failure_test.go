package filecache

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"trip2g/internal/tempdir"
	"trip2g/internal/testwait"
	"trip2g/services/trip2g/store/sqlite"
)

// childVariable makes the test binary read a file with a nearly full disk: "database:hash:folder".
const childVariable = "FILECACHE_TEST_CHILD"

func TestMain(m *testing.M) {
	arguments := os.Getenv(childVariable)
	if arguments == "" {
		os.Exit(m.Run())
	}
	if err := readOnAFullDisk(strings.Split(arguments, ":")); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// With a missing folder, files are served slower.
func TestWithoutAFolderFilesAreServedFromTheDatabase(t *testing.T) {
	s := newStore(t)
	noFolder := filepath.Join(t.TempDir(), "file")
	ok(t, os.WriteFile(noFolder, nil, 0o600))
	for _, dir := range []string{filepath.Join(t.TempDir(), "missing"), noFolder} {
		c, log := newCache(t, s, func(o *Options) { o.Dirs = tempdir.Of(dir) })
		for i := range 3 {
			hash, content := s.put(t, uint64(i), 5*chunkSize)
			wantContent(t, c, hash, content)
		}
		if text := log.String(); strings.Count(text, "\n") != 1 || !strings.Contains(text, "TRIP2G_FILE_CACHE_DIR") || !strings.Contains(text, "warn") {
			t.Errorf("the log says %q, want one warning", text)
		}
		if c.Stats() != (Stats{}) {
			t.Errorf("it holds %+v", c.Stats())
		}
	}
}

// After the pause the disk is used again, and only a new failure is logged.
func TestAFixedFolderIsUsedAgain(t *testing.T) {
	s := newStore(t)
	dir := filepath.Join(t.TempDir(), "later")
	c, log := newCache(t, s, func(o *Options) { o.Dirs = tempdir.Of(dir) })
	hash, content := s.put(t, 1, 5*chunkSize)
	endPause := func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.diskRetry = time.Time{}
	}
	for range 2 {
		wantContent(t, c, hash, content)
		endPause()
	}
	ok(t, os.Mkdir(dir, 0o700))
	wantContent(t, c, hash, content)
	if got := c.Stats().Disk; got != int64(len(content)) {
		t.Errorf("copies take %d bytes", got)
	}
	if n := strings.Count(log.String(), "\n"); n != 1 {
		t.Errorf("the log has %d lines: %s", n, log)
	}
}

// The disk fills up while a file is being copied and read: its readers continue from the database.
func TestAFullDiskDuringACopyInterruptsNoReader(t *testing.T) {
	s := newStore(t)
	hash, _ := s.put(t, 1, 2*mib)
	path, dir := filepath.Join(t.TempDir(), "copy.sqlite3"), t.TempDir()
	_, err := s.Writer().Exec(`VACUUM INTO ?`, path)
	ok(t, err)
	command := exec.Command(os.Args[0])
	command.Env = append(os.Environ(), childVariable+"="+path+":"+hash+":"+dir)
	output, err := command.CombinedOutput()
	if err != nil || strings.Count(string(output), "TRIP2G_FILE_CACHE_DIR") != 1 {
		t.Errorf("reading with a full disk: %v: %s", err, output)
	}
	wantEmpty(t, dir)
}

// readOnAFullDisk reads a file twice with a limit on the length of files
// (https://man7.org/linux/man-pages/man2/setrlimit.2.html), at which writes fail.
func readOnAFullDisk(arguments []string) error {
	path, hash, dir := arguments[0], arguments[1], arguments[2]
	source, err := sqlite.OpenReplica(context.Background(), path, sqlite.Options{})
	if err != nil {
		return err
	}
	signal.Ignore(syscall.SIGXFSZ)
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: mib, Max: mib}); err != nil {
		return err
	}
	c := New(source, Options{DiskSize: 64 * mib, Dirs: tempdir.Of(dir), Log: zerolog.New(os.Stdout)})
	for range 2 {
		file, err := c.OpenAsset(context.Background(), hash)
		if err != nil {
			return err
		}
		content, err := io.ReadAll(file)
		if err != nil {
			return err
		}
		if got := sha256Hex(content); got != hash {
			return fmt.Errorf("%d bytes came with the hash %s", len(content), got)
		}
		if err := file.Close(); err != nil {
			return err
		}
	}
	if c.Stats() != (Stats{}) {
		return fmt.Errorf("it holds %+v", c.Stats())
	}
	return nil
}

// A reader must detect damage, however the file is served.
func TestADamagedFileIsNeverServedInFull(t *testing.T) {
	for name, size := range map[string]int{"small": 1000, "large": 5 * chunkSize} {
		t.Run(name, func(t *testing.T) {
			s := newStore(t)
			hash, content := s.put(t, 1, size)
			s.damage(t, hash)
			c, log := newCache(t, s, nil)
			server := serve(t, c)
			var told string
			for range 2 {
				response, err := http.Get(server.URL + "/" + hash)
				ok(t, err)
				got, err := io.ReadAll(response.Body)
				ok(t, response.Body.Close())
				switch {
				case response.StatusCode != http.StatusOK:
					told += string(got)
				case err == nil:
					t.Errorf("%d bytes came as if they were the file's %d", len(got), size)
				case !bytes.HasPrefix(content, got):
					t.Error("bytes came that are not the file's")
				}
			}
			testwait.Until(t, "nothing is kept", func() bool { return c.Stats() == Stats{} })
			if told += log.String(); strings.Count(told, "restore a backup") != 2 {
				t.Errorf("the handler and the log are told %q", told)
			}
		})
	}
}

// serve serves files like the site.
func serve(t testing.TB, c *Cache) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		file, err := c.OpenAsset(r.Context(), r.URL.Path[1:])
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		defer file.Close()
		http.ServeContent(w, r, "", time.Time{}, file)
	}))
	t.Cleanup(server.Close)
	return server
}

// Many clients request ranges of a file that is being copied.
func TestRangesOfAGrowingCopyAreCorrect(t *testing.T) {
	s := newStore(t)
	hash, content := s.put(t, 1, 10*chunkSize+3)
	c, _ := newCache(t, s, nil)
	server := serve(t, c)
	results := make(chan error)
	for i := range 12 {
		go func() {
			begin := i * len(content) / 12
			end := min(begin+2*chunkSize, len(content)) - 1
			results <- wantRange(server.URL+"/"+hash, begin, end, content)
		}()
	}
	for range 12 {
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
}

func wantRange(url string, begin, end int, content []byte) error {
	request, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	request.Header.Set("Range", fmt.Sprintf("bytes=%d-%d", begin, end))
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	got, err := io.ReadAll(response.Body)
	if !bytes.Equal(got, content[begin:end+1]) || response.StatusCode != http.StatusPartialContent {
		err = errors.Join(err, fmt.Errorf("bytes %d to %d: status %d and %d bytes", begin, end, response.StatusCode, len(got)))
	}
	return errors.Join(err, response.Body.Close())
}
