package client_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/sync/client"
)

const key = "t2g_a-key-that-nobody-may-see"

// serve answers each request with the next handler, and all later ones with the last.
func serve(t *testing.T, handlers ...http.HandlerFunc) (url string, asked *atomic.Int64) {
	t.Helper()
	asked = &atomic.Int64{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := int(asked.Add(1))
		handlers[min(n, len(handlers))-1](w, r)
	}))
	t.Cleanup(s.Close)
	return s.URL, asked
}

func answer(status int, body string, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/json")
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		io.WriteString(w, body)
	}
}

// cut closes the connection without an answer, after it has read the whole request.
func cut(w http.ResponseWriter, r *http.Request) {
	io.Copy(io.Discard, r.Body)
	panic(http.ErrAbortHandler)
}

// half closes the connection in the middle of an answer.
func half(w http.ResponseWriter, r *http.Request) {
	io.Copy(io.Discard, r.Body)
	w.Header().Set("Content-Length", "1000")
	io.WriteString(w, `{"data":{`)
	panic(http.ErrAbortHandler)
}

const (
	committed = `{"data":{"result":{"__typename":"CommitNotesPayload","success":true}}}`
	noNotes   = `{"data":{"notePaths":[]}}`
)

func connect(t *testing.T, url string, change func(*client.Options)) *client.Client {
	t.Helper()
	o := client.Options{URL: url, Key: key, UserAgent: "trip2g/test", RetryFor: 30 * time.Second}
	if change != nil {
		change(&o)
	}
	c, err := client.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func once(o *client.Options) { o.RetryFor = 0 }

func TestAServerThatComesBackIsAskedAgain(t *testing.T) {
	t.Parallel()
	for name, first := range map[string]http.HandlerFunc{
		"connection cut": cut, "answer cut": half,
		"408": answer(408, ""), "429": answer(429, "slow down"), "502": answer(502, "<html>"), "503": answer(503, ""), "504": answer(504, ""),
		"disk full":           answer(200, `{"errors":[{"message":"disk full","extensions":{"code":"unavailable"}}],"data":null}`),
		"Retry-After":         answer(503, "", "Retry-After", "0"),
		"Retry-After by date": answer(503, "", "Retry-After", time.Now().UTC().Format(http.TimeFormat)),
		"Retry-After garbage": answer(503, "", "Retry-After", "soon"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url, asked := serve(t, first, answer(200, committed))
			var told atomic.Int64
			c := connect(t, url, func(o *client.Options) {
				o.OnRetry = func(err error, _ time.Duration) {
					if trip2g.ErrorCode(err) == trip2g.EUNAVAILABLE {
						told.Add(1)
					}
				}
			})
			if err := c.Commit(t.Context()); err != nil || asked.Load() != 2 || told.Load() != 1 {
				t.Errorf("asked %d times, told of %d retries: %v", asked.Load(), told.Load(), err)
			}
		})
	}
}

func TestAPortThatOpensLaterIsFound(t *testing.T) {
	t.Parallel()
	reserved, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := reserved.Addr().String()
	reserved.Close()
	refused := make(chan struct{})
	var first sync.Once
	c := connect(t, "http://"+addr, func(o *client.Options) {
		o.OnRetry = func(error, time.Duration) { first.Do(func() { close(refused) }) }
	})
	server := &http.Server{Handler: answer(200, committed)}
	defer server.Close()
	go func() {
		<-refused
		if listener, err := net.Listen("tcp", addr); err == nil {
			server.Serve(listener)
		}
	}()
	if err := c.Commit(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestTryingAgainEnds(t *testing.T) {
	t.Parallel()
	url, asked := serve(t, answer(503, ""))
	err := connect(t, url, func(o *client.Options) { o.RetryFor = 300 * time.Millisecond }).Commit(t.Context())
	if trip2g.ErrorCode(err) != trip2g.EUNAVAILABLE || !strings.Contains(err.Error(), url) || asked.Load() < 2 {
		t.Errorf("asked %d times: %v", asked.Load(), err)
	}
	url, asked = serve(t, answer(503, "", "Retry-After", "3600"))
	if err := connect(t, url, nil).Commit(t.Context()); trip2g.ErrorCode(err) != trip2g.EUNAVAILABLE || asked.Load() != 1 {
		t.Errorf("a server that will be away for longer was asked %d times: %v", asked.Load(), err)
	}
}

func TestAnEndStopsTheWaiting(t *testing.T) {
	t.Parallel()
	url, _ := serve(t, answer(503, "", "Retry-After", "3000"))
	ctx, cancel := context.WithCancel(t.Context())
	c := connect(t, url, func(o *client.Options) {
		o.RetryFor = time.Hour
		o.OnRetry = func(error, time.Duration) { cancel() }
	})
	if err := c.Commit(ctx); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestAServerThatFallsSilentIsGivenUp(t *testing.T) {
	t.Parallel()
	ended := make(chan struct{})
	silent := func(_ http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		select {
		case <-r.Context().Done():
		case <-ended:
		}
	}
	url, _ := serve(t, silent)
	defer close(ended)
	err := connect(t, url, func(o *client.Options) { o.RetryFor, o.Stall = 0, 50*time.Millisecond }).Commit(t.Context())
	if trip2g.ErrorCode(err) != trip2g.EUNAVAILABLE || !strings.Contains(err.Error(), "50ms") {
		t.Error(err)
	}
}

func TestWhatWillNotChangeIsAskedOnce(t *testing.T) {
	t.Parallel()
	secret := "the key " + key + " \x1b[31mred"
	for name, tt := range map[string]struct {
		handler http.HandlerFunc
		code    string
		says    string
	}{
		"wrong key":         {answer(200, `{"errors":[{"message":"the API key is not valid","extensions":{"code":"unauthorized"}}],"data":null}`), trip2g.EUNAUTHORIZED, "not valid"},
		"no right":          {answer(200, `{"errors":[{"message":"not you","extensions":{"code":"forbidden"}}],"data":null}`), trip2g.EFORBIDDEN, "not you"},
		"401":               {answer(401, "go away"), trip2g.EUNAUTHORIZED, "401"},
		"an older server":   {answer(422, `{"errors":[{"message":"Cannot query field \"code\""}],"data":null}`), trip2g.EINTERNAL, "older than this trip2g"},
		"a fault of theirs": {answer(200, `{"errors":[{"message":"internal error","path":["commitNotes"]}],"data":null}`), trip2g.EINTERNAL, "internal error"},
		"a strange code":    {answer(200, `{"errors":[{"message":"odd","extensions":{"code":[1]}}],"data":null}`), trip2g.EINTERNAL, "odd"},
		"half a result":     {answer(200, `{"data":{"result":{}}}`), trip2g.ENOTFOUND, "right URL"},
		"no result":         {answer(200, `{"data":{}}`), trip2g.ENOTFOUND, "right URL"},
		"another shape":     {answer(200, `{"data":[1]}`), trip2g.ENOTFOUND, "right URL"},
		"a web page":        {answer(200, "<!doctype html><title>Welcome</title>", "Content-Type", "text/html"), trip2g.ENOTFOUND, "text/html"},
		"no such page":      {answer(404, "404 page not found"), trip2g.ENOTFOUND, "404"},
		"500":               {answer(500, "oops"), trip2g.ENOTFOUND, "500"},
		"a proxy's limit":   {answer(413, `<html>413 Request Entity Too Large</html>`), trip2g.ETOOLARGE, "client_max_body_size"},
		"too large":         {answer(413, `{"errors":[{"message":"at most 10 bytes"}]}`), trip2g.ETOOLARGE, "at most 10 bytes"},
		"empty":             {answer(200, ""), trip2g.ENOTFOUND, "right URL"},
		"redirect":          {answer(308, "", "Location", "https://elsewhere.example/_system/graphql?key="+key), trip2g.ENOTFOUND, "https://elsewhere.example: the key was not sent"},
		"redirect nowhere":  {answer(302, ""), trip2g.ENOTFOUND, "nowhere"},
		"an echo":           {answer(200, `{"errors":[{"message":`+quoted(secret)+`}]}`), trip2g.EINTERNAL, "the key [key]  [31mred"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url, asked := serve(t, tt.handler)
			err := connect(t, url, nil).Commit(t.Context())
			if trip2g.ErrorCode(err) != tt.code || !strings.Contains(fmt.Sprint(err), tt.says) || asked.Load() != 1 {
				t.Errorf("asked %d times: code %s, %v", asked.Load(), trip2g.ErrorCode(err), err)
			}
			if strings.Contains(fmt.Sprint(err), key) {
				t.Errorf("the key is shown: %v", err)
			}
		})
	}
}

func quoted(s string) string {
	b, _ := json.Marshal(s)
	return string(b)
}

func TestARedirectNeverGetsTheKey(t *testing.T) {
	t.Parallel()
	elsewhere, asked := serve(t, answer(200, committed))
	url, _ := serve(t, answer(307, "", "Location", elsewhere+"/_system/graphql"))
	if err := connect(t, url, once).Commit(t.Context()); err == nil || asked.Load() != 0 {
		t.Errorf("the other host was asked %d times: %v", asked.Load(), err)
	}
}

func TestAPortThatSpeaksSomethingElseIsNamed(t *testing.T) {
	t.Parallel()
	tls := httptest.NewTLSServer(answer(200, committed))
	defer tls.Close()
	url, asked := serve(t, answer(200, committed))
	for name, wrong := range map[string]string{"a certificate of nobody": tls.URL, "https to http": "https" + strings.TrimPrefix(url, "http")} {
		err := connect(t, wrong, nil).Commit(t.Context())
		if trip2g.ErrorCode(err) != trip2g.EUNAVAILABLE || !strings.Contains(err.Error(), wrong) || asked.Load() != 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestARequestSaysWhoAsks(t *testing.T) {
	t.Parallel()
	var got *http.Request
	url, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		got = r
		answer(200, noNotes)(w, r)
	})
	if _, err := connect(t, url+"/base/", nil).NotePaths(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got.URL.Path != "/base/_system/graphql" || got.Method != "POST" || got.Header.Get("X-API-Key") != key || got.UserAgent() != "trip2g/test" || got.ContentLength <= 0 {
		t.Errorf("%s %s, %v", got.Method, got.URL, got.Header)
	}
}

func TestAnswersAreUnderstood(t *testing.T) {
	t.Parallel()
	url, _ := serve(t,
		answer(200, `{"data":{"notePaths":[{"id":7,"path":"a.md","hash":"h","assetReplaces":[{"id":"x.png","hash":"ff","absolutePath":"img/x.png"}]}]}}`),
		answer(200, `{"data":{"result":{"__typename":"PushNotesPayload","notes":[{"id":7,"path":"a.md","assets":[{"path":"x.png","sha256Hash":null,"absolutePath":"x.png"},{"path":"y.png","sha256Hash":"ee","absolutePath":"y.png"}]}]}}}`),
		answer(200, `{"data":{"result":{"__typename":"PushNotesPayload","notes":[]}}}`),
		answer(200, `{"data":{"result":{"__typename":"PushNotesPayload","notes":[{"id":7,"path":"b.md","assets":[]}]}}}`),
		answer(200, `{"data":{"result":{"__typename":"ErrorPayload","code":"invalid","message":"nothing was written","byFields":[{"name":"a.md","value":"has 99 bytes"}]}}}`),
	)
	c := connect(t, url, nil)
	notes, err := c.NotePaths(t.Context())
	if err != nil || len(notes) != 1 || notes[0].ID != 7 || notes[0].Hash != "h" || notes[0].Assets[0] != (trip2g.NoteAsset{Ref: "x.png", Hash: "ff", AbsolutePath: "img/x.png"}) {
		t.Errorf("notes %+v, %v", notes, err)
	}
	updates := []trip2g.NoteUpdate{{Path: "a.md", Content: "text"}}
	pushed, err := c.StageNotes(t.Context(), updates)
	if err != nil || len(pushed) != 1 || pushed[0].ID != 7 || len(pushed[0].Assets) != 2 || pushed[0].Assets[0].Hash != "" || pushed[0].Assets[1].Hash != "ee" {
		t.Errorf("pushed %+v, %v", pushed, err)
	}
	for range 2 {
		if _, err := c.StageNotes(t.Context(), updates); trip2g.ErrorCode(err) != trip2g.ENOTFOUND {
			t.Errorf("an answer about other notes: %v", err)
		}
	}
	_, err = c.StageNotes(t.Context(), updates)
	if fields := trip2g.ErrorFields(err); trip2g.ErrorCode(err) != trip2g.EINVALID || len(fields) != 1 || fields[0].Name != "a.md" {
		t.Errorf("a refused note: %v", err)
	}
}

func TestARefusalIsToldByItsCodeAndAskedAgainIfItMayPass(t *testing.T) {
	t.Parallel()
	for code, tt := range map[string]struct {
		want  string
		asked int64
	}{
		"invalid": {trip2g.EINVALID, 1}, "too_large": {trip2g.ETOOLARGE, 1}, "unauthorized": {trip2g.EUNAUTHORIZED, 1}, "forbidden": {trip2g.EFORBIDDEN, 1},
		"not_found": {trip2g.ENOTFOUND, 1}, "conflict": {trip2g.ECONFLICT, 1}, "expired": {trip2g.EEXPIRED, 1},
		"unavailable": {"", 2}, "indeterminate": {"", 2}, "of the future": {trip2g.EINTERNAL, 1},
	} {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			refused := answer(200, `{"data":{"result":{"__typename":"ErrorPayload","code":"`+code+`","message":"no","byFields":[]}}}`)
			for name, change := range map[string]func(*client.Client) error{
				"commit": func(c *client.Client) error { return c.Commit(t.Context()) },
				"upload": func(c *client.Client) error {
					return c.StageAsset(t.Context(), trip2g.AssetUpload{NoteID: 1, Ref: "a", AbsolutePath: "a", Hash: hash("a")}, 1, file("a"))
				},
			} {
				url, asked := serve(t, refused, answer(200, committed))
				if err := change(connect(t, url, nil)); trip2g.ErrorCode(err) != tt.want || asked.Load() != tt.asked {
					t.Errorf("%s: asked %d times: code %q: %v", name, asked.Load(), trip2g.ErrorCode(err), err)
				}
			}
		})
	}
}

func TestTheRequestsOfAPushCarryItsID(t *testing.T) {
	t.Parallel()
	var ids []string
	url, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		ids = append(ids, r.Header.Get(trip2g.PushIDHeader))
		answer(200, `{"data":{"result":{"__typename":"DiscardNotesPayload","committed":true}}}`)(w, r)
	})
	c := connect(t, url, nil)
	for _, id := range []string{"the-first-of-two-pushes", "the-other-of-two-pushes"} {
		c.UsePush(id)
		if committed, err := c.Discard(t.Context()); err != nil || !committed {
			t.Errorf("committed %v, %v", committed, err)
		}
		if err := c.StageAsset(t.Context(), trip2g.AssetUpload{Hash: hash("a")}, 1, file("a")); err != nil {
			t.Error(err)
		}
	}
	if want := []string{"the-first-of-two-pushes", "the-first-of-two-pushes", "the-other-of-two-pushes", "the-other-of-two-pushes"}; !slices.Equal(ids, want) {
		t.Errorf("the ids are %q", ids)
	}
}

func TestANoteTravelsAsItIs(t *testing.T) {
	t.Parallel()
	const content = "<b>&\u2028\x00\"\\\r\n😀"
	var got string
	url, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		var body struct {
			Variables struct {
				Input struct {
					Updates    []trip2g.NoteUpdate
					SkipCommit bool
				}
			}
		}
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil || !body.Variables.Input.SkipCommit {
			t.Errorf("%+v, %v", body, err)
		}
		got = body.Variables.Input.Updates[0].Content
		answer(200, `{"data":{"result":{"__typename":"PushNotesPayload","notes":[{"id":1,"path":"a.md","assets":[]}]}}}`)(w, r)
	})
	if _, err := connect(t, url, nil).StageNotes(t.Context(), []trip2g.NoteUpdate{{Path: "a.md", Content: content}}); err != nil || got != content {
		t.Errorf("%q came, %v", got, err)
	}
}

func hash(content string) string {
	sum := sha256.Sum256([]byte(content))
	return hex.EncodeToString(sum[:])
}

func file(content string) func() (io.ReadCloser, error) {
	return func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(content)), nil }
}

const uploaded = `{"data":{"result":{"__typename":"UploadNoteAssetPayload","uploadSkipped":false}}}`

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func TestAnEndlessAnswerIsCutOff(t *testing.T) {
	t.Parallel()
	url, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		piece := bytes.Repeat([]byte(" "), 1<<20)
		for {
			if _, err := w.Write(piece); err != nil {
				return
			}
		}
	})
	if err := connect(t, url, once).Commit(t.Context()); trip2g.ErrorCode(err) != trip2g.ENOTFOUND {
		t.Error(err)
	}
}
