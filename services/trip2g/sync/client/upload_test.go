package client_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"trip2g/services/trip2g"
)

func TestAFileIsSentAgainFromItsStart(t *testing.T) {
	t.Parallel()
	content := strings.Repeat("pixels", 100_000)
	var parts []string
	take := func(w http.ResponseWriter, r *http.Request) {
		form, err := r.MultipartReader()
		if err != nil {
			t.Error(err)
			return
		}
		for {
			part, err := form.NextPart()
			if err != nil {
				break
			}
			body, _ := io.ReadAll(part)
			parts = append(parts, part.FormName()+"="+string(body))
		}
		if want := r.ContentLength; want <= int64(len(content)) {
			t.Errorf("the length is %d", want)
		}
		answer(200, uploaded)(w, r)
	}
	early := func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
	url, _ := serve(t, early, cut, take)
	upload := trip2g.AssetUpload{NoteID: 7, Ref: "a b.png", AbsolutePath: "img/a b.png", Hash: hash(content)}
	if err := connect(t, url, nil).StageAsset(t.Context(), upload, int64(len(content)), file(content)); err != nil {
		t.Fatal(err)
	}
	if len(parts) != 3 || !strings.HasPrefix(parts[0], "operations=") || !strings.HasPrefix(parts[1], "map=") || parts[2] != "0="+content {
		t.Errorf("%d parts, the last of %d bytes", len(parts), len(parts[len(parts)-1]))
	}
}

func TestAFileThatChangesIsNotStored(t *testing.T) {
	t.Parallel()
	old := strings.Repeat("old", 50_000)
	for name, now := range map[string]string{
		"other bytes": strings.Repeat("new", 50_000), "shorter": old[:70_000], "longer": old + "x", "emptied": "",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var whole atomic.Bool
			url, asked := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if _, err := io.Copy(io.Discard, r.Body); err == nil {
					whole.Store(true)
				}
				answer(200, uploaded)(w, r)
			})
			err := connect(t, url, nil).StageAsset(t.Context(), trip2g.AssetUpload{NoteID: 1, Ref: "a", AbsolutePath: "a.bin", Hash: hash(old)}, int64(len(old)), file(now))
			if trip2g.ErrorCode(err) != trip2g.ECONFLICT {
				t.Errorf("asked %d times: %v", asked.Load(), err)
			}
			if whole.Load() {
				t.Error("the server got a whole request")
			}
		})
	}
}

func TestAFileThatCannotBeReadIsNoFaultOfTheServer(t *testing.T) {
	t.Parallel()
	url, _ := serve(t, answer(200, uploaded))
	fault := trip2g.Errorf(trip2g.EINVALID, "a.bin cannot be read")
	broken := io.MultiReader(strings.NewReader("x"), readerFunc(func([]byte) (int, error) { return 0, fault }))
	for name, open := range map[string]func() (io.ReadCloser, error){
		"open": func() (io.ReadCloser, error) { return nil, fault },
		"read": func() (io.ReadCloser, error) { return io.NopCloser(broken), nil },
	} {
		err := connect(t, url, nil).StageAsset(t.Context(), trip2g.AssetUpload{Hash: hash("xyz"), AbsolutePath: "a.bin"}, 3, open)
		if !errors.Is(err, fault) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
