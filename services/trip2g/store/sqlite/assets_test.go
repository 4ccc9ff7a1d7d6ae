package sqlite

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"trip2g/internal/tempdir"
	"trip2g/services/trip2g"
)

func TestFilesOfEverySizeAreReturnedUnchanged(t *testing.T) {
	db := newLeader(t)
	r := newReplica(t, db.path)
	for _, size := range []int{0, 1, chunkSize - 1, chunkSize, chunkSize + 1, 3*chunkSize + 17} {
		content := strings.Repeat("0123456789abcdef", size/16+1)[:size]
		asset := store(t, db, content)
		found := must[trip2g.Asset](t)(r.Asset(t.Context(), asset.Hash))
		if found != asset || found.Size != int64(size) {
			t.Errorf("%d bytes: stored %+v, found %+v", size, asset, found)
		}
		file := must[io.ReadSeekCloser](t)(r.OpenAsset(t.Context(), asset.Hash))
		if err := iotest.TestReader(file, []byte(content)); err != nil {
			t.Errorf("%d bytes: %v", size, err)
		}
		ok(t, file.Close())
	}
}

func TestAWrongUploadLeavesNothing(t *testing.T) {
	db := newLeader(t)
	tempDir := t.TempDir()
	db.tempDirs = tempdir.Of(tempDir)
	store(t, db, "there already")
	for name, tt := range map[string]struct {
		hash string
		body io.Reader
		code string
	}{
		"another hash":              {sha256Hex("x"), strings.NewReader("y"), trip2g.ECONFLICT},
		"upper-case hash":           {strings.ToUpper(sha256Hex("x")), strings.NewReader("x"), trip2g.ECONFLICT},
		"too large":                 {sha256Hex(strings.Repeat("x", 101)), strings.NewReader(strings.Repeat("x", 101)), trip2g.ETOOLARGE},
		"cut off":                   {sha256Hex("x"), io.MultiReader(strings.NewReader("x"), iotest.ErrReader(io.ErrUnexpectedEOF)), trip2g.EUNAVAILABLE},
		"another body for a known":  {sha256Hex("there already"), strings.NewReader("y"), trip2g.ECONFLICT},
		"too large body of a known": {sha256Hex("there already"), strings.NewReader(strings.Repeat("x", 101)), trip2g.ETOOLARGE},
	} {
		_, err := db.PutAsset(t.Context(), tt.hash, 100, tt.body)
		if trip2g.ErrorCode(err) != tt.code {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := count(t, db, `SELECT count(*) FROM assets`); n != 1 {
		t.Errorf("%d files are stored", n)
	}
	if left := must[[]os.DirEntry](t)(os.ReadDir(tempDir)); len(left) != 0 {
		t.Errorf("temporary files are left: %v", left)
	}
	_, err := db.Asset(t.Context(), sha256Hex("x"))
	wantCode(t, err, trip2g.ENOTFOUND)
	_, err = db.OpenAsset(t.Context(), "no hash")
	wantCode(t, err, trip2g.ENOTFOUND)
}

// A file of exactly the limit is stored.
func TestAFileOfJustTheLimitIsTaken(t *testing.T) {
	content := strings.Repeat("x", 100)
	must[trip2g.Asset](t)(newLeader(t).PutAsset(t.Context(), sha256Hex(content), 100, strings.NewReader(content)))
}

func TestASlowUploadDelaysNoOtherWrite(t *testing.T) {
	db := newLeader(t)
	body, client := io.Pipe()
	content := strings.Repeat("slow", 1000)
	done := make(chan error, 1)
	go func() {
		_, err := db.PutAsset(t.Context(), sha256Hex(content), 1<<20, body)
		done <- err
	}()
	_, err := io.WriteString(client, content[:2000])
	ok(t, err)
	push(t, db, stageA, true, "n.md=written while the upload is half way")
	_, err = io.WriteString(client, content[2000:])
	ok(t, err)
	ok(t, client.Close())
	ok(t, <-done)
	must[trip2g.Asset](t)(db.Asset(t.Context(), sha256Hex(content)))
}

func TestOneFileUploadedByManyIsStoredOnce(t *testing.T) {
	db := newLeader(t)
	content := strings.Repeat("x", 2*chunkSize)
	ids := make([]int64, 8)
	var wg sync.WaitGroup
	for i := range ids {
		wg.Go(func() { ids[i] = store(t, db, content).ID })
	}
	wg.Wait()
	for _, id := range ids {
		if id != ids[0] {
			t.Errorf("one file has the ids %v", ids)
		}
	}
	if n := count(t, db, `SELECT count(*) FROM asset_chunks`); n != 2 {
		t.Errorf("its 2 chunks are stored as %d", n)
	}
}

func TestSeekingBeforeTheBeginningFails(t *testing.T) {
	db := newLeader(t)
	file := must[io.ReadSeekCloser](t)(db.OpenAsset(t.Context(), store(t, db, "text").Hash))
	for _, seek := range []struct {
		offset int64
		whence int
	}{{-1, io.SeekStart}, {-5, io.SeekEnd}, {-1, io.SeekCurrent}, {0, 9}} {
		if _, err := file.Seek(seek.offset, seek.whence); err == nil {
			t.Errorf("Seek(%d, %d) succeeded", seek.offset, seek.whence)
		}
	}
	if _, err := file.Seek(100, io.SeekStart); err != nil {
		t.Errorf("seeking past the end: %v", err)
	}
	if n, err := file.Read(make([]byte, 1)); n != 0 || !errors.Is(err, io.EOF) {
		t.Errorf("reading past the end gives %d, %v", n, err)
	}
}

func TestADamagedFileIsAnError(t *testing.T) {
	db := newLeader(t)
	asset := store(t, db, strings.Repeat("x", 2*chunkSize))
	_, err := db.writer.Exec(`UPDATE asset_chunks SET data = x'00' WHERE n = 1`)
	ok(t, err)
	file := must[io.ReadSeekCloser](t)(db.OpenAsset(t.Context(), asset.Hash))
	var got bytes.Buffer
	if _, err := io.Copy(&got, file); err == nil {
		t.Errorf("reading gave %d bytes and no error", got.Len())
	}
}
