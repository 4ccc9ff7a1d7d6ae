package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"trip2g/services/trip2g"
)

// DefaultVisible is how long AwaitVisible waits: many times the usual lag of a replica.
const DefaultVisible = 10 * time.Second

// visibleInterval is the pause between two requests. The server waits, too.
const visibleInterval = 100 * time.Millisecond

// recordPosition records the position in a response.
func (c *Client) recordPosition(h http.Header) {
	position, ok := trip2g.ParsePosition(h.Get(trip2g.PositionHeader))
	if !ok {
		return
	}
	for {
		reached := c.reached.Load()
		if int64(position) <= reached || c.reached.CompareAndSwap(reached, int64(position)) {
			return
		}
	}
}

// AwaitVisible waits until the server shows the last position of this client's mutations, and
// returns that position; 0 if there was none. A push through a replica is visible on the leader at
// once, and on the replica shortly after. It returns EUNAVAILABLE if the position is not visible
// after Visible, or ctx's error.
func (c *Client) AwaitVisible(ctx context.Context) (trip2g.Position, error) {
	wanted := trip2g.Position(c.reached.Load())
	if wanted == 0 {
		return 0, nil
	}
	bounded, cancel := context.WithTimeout(ctx, c.Visible)
	defer cancel()
	var missing error
	for {
		err := c.checkVisible(bounded, wanted)
		if err == nil {
			return wanted, nil
		}
		if bounded.Err() == nil || missing == nil {
			missing = err // not the timeout, which would hide the cause
		}
		select {
		case <-bounded.Done():
			if ctx.Err() != nil {
				return wanted, ctx.Err()
			}
			return wanted, trip2g.Errorf(trip2g.EUNAVAILABLE, "%s does not show it after %s: %s", c.base, c.Visible, c.clean(missing.Error()))
		case <-time.After(visibleInterval):
		}
	}
}

// checkVisible sends one request and returns an error unless the server serves the position.
func (c *Client) checkVisible(ctx context.Context, wanted trip2g.Position) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodHead, c.Site(), nil)
	if err != nil {
		return fmt.Errorf("make the request: %w", err)
	}
	req.Header.Set(trip2g.PositionHeader, strconv.FormatInt(int64(wanted), 10))
	if c.UserAgent != "" {
		req.Header.Set("User-Agent", c.UserAgent)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	io.Copy(io.Discard, resp.Body)
	switch served, told := trip2g.ParsePosition(resp.Header.Get(trip2g.PositionHeader)); {
	case told && served < wanted:
		return fmt.Errorf("it serves position %d, and %d is wanted", served, wanted)
	case !told && resp.StatusCode >= http.StatusInternalServerError:
		return errors.New("it answered " + resp.Status)
	}
	return nil
}
