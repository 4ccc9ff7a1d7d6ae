package leaderwatch

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"trip2g/internal/tcpopt"
	"trip2g/services/trip2g"
)

// maxAnswer bounds the bytes read of the leader's answer.
const maxAnswer = 64 << 10

// newClient returns a client with one kept connection. It asks the leader directly, without proxy
// or redirect.
func newClient(timeout time.Duration) *http.Client {
	return &http.Client{
		Timeout: timeout,
		Transport: &http.Transport{
			DialContext:         tcpopt.Dialer{Timeout: timeout}.DialContext,
			MaxIdleConnsPerHost: 1,
			MaxConnsPerHost:     1,
			IdleConnTimeout:     time.Minute,
			DisableCompression:  true,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// ask asks the leader for its position and the history to which it belongs. A leader that is
// starting or stopping answers, too.
func (w *Watch) ask(ctx context.Context) (trip2g.Position, trip2g.Timeline, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, w.url, nil)
	if err != nil {
		return 0, trip2g.Timeline{}, fmt.Errorf("ask %s: %w", w.LeaderAddr, err)
	}
	resp, err := w.client.Do(req)
	if err != nil {
		if urlErr, ok := errors.AsType[*url.Error](err); ok {
			err = urlErr.Err // without the address, which is added here
		}
		return 0, trip2g.Timeline{}, fmt.Errorf("ask %s: %w", w.LeaderAddr, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return 0, trip2g.Timeline{}, fmt.Errorf("read the answer of %s: %w", w.LeaderAddr, err)
	}
	return w.read(resp.StatusCode, body)
}

// read reads the position from an answer of /readyz.
func (w *Watch) read(status int, body []byte) (trip2g.Position, trip2g.Timeline, error) {
	var answer struct {
		Role     string
		Position *trip2g.Position
		Timeline string
	}
	err := json.Unmarshal(body, &answer)
	switch {
	case err != nil || answer.Position == nil:
		return 0, trip2g.Timeline{}, fmt.Errorf("%s answered /readyz with status %d and no position: TRIP2G_LEADER_ADDR must be the leader's internal address", w.LeaderAddr, status)
	case answer.Role != "leader":
		return 0, trip2g.Timeline{}, fmt.Errorf("%s is no leader but a %.20q: TRIP2G_LEADER_ADDR must be the leader's internal address", w.LeaderAddr, answer.Role)
	}
	return *answer.Position, trip2g.ParseTimeline(answer.Timeline), nil
}
