package graphql

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/rs/zerolog"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"trip2g/internal/eventstream"
	"trip2g/services/trip2g"
)

// DefaultKeepAlive is the interval of keep-alive comments and of checks of the key. Clients and
// proxies close a stream after a minute of silence.
const DefaultKeepAlive = 20 * time.Second

// LastEvent ends a stream.
const LastEvent = "event: complete\n\n"

// acceptsEvents reports whether a client accepts server-sent events.
func acceptsEvents(r *http.Request) bool {
	for _, line := range r.Header["Accept"] {
		for item := range strings.SplitSeq(line, ",") {
			mediaType, _, _ := strings.Cut(item, ";")
			if strings.EqualFold(strings.TrimSpace(mediaType), eventstream.MediaType) {
				return true
			}
		}
	}
	return false
}

// stream sends the responses of a subscription in the "distinct connections mode" of GraphQL over
// SSE (github.com/enisdenjo/graphql-sse): an event "next" for each, then an event "complete".
func (a *api) stream(w http.ResponseWriter, r *http.Request, next func() *graphql.Response) {
	ctx := r.Context()
	out := eventstream.NewWriter(w)
	defer out.Close()
	if out.Comment() != nil {
		return
	}
	answers := encoded(ctx, next)
	ticker := time.NewTicker(a.KeepAlive)
	defer ticker.Stop()
	for {
		select {
		case answer, more := <-answers:
			if !more {
				out.Event("complete", "")
				return
			}
			if out.Event("next", answer) != nil {
				return
			}
		case <-ticker.C:
			if err := a.stillAllowed(r); err != nil {
				answer, err := encode(&graphql.Response{Errors: gqlerror.List{present(ctx, err)}})
				if err == nil && out.Event("next", answer) == nil {
					out.Event("complete", "")
				}
				return
			}
			if out.Comment() != nil {
				return
			}
		case <-ctx.Done():
			return
		}
	}
}

// encoded returns a channel of the responses of next as JSON. It closes the channel when next
// returns nil, after the last response or when ctx ends. It encodes each response before the next
// call, because gqlgen reuses its buffer.
func encoded(ctx context.Context, next func() *graphql.Response) <-chan string {
	answers := make(chan string)
	go func() {
		defer close(answers)
		defer func() {
			if cause := recover(); cause != nil {
				zerolog.Ctx(ctx).Error().Err(recovered(ctx, cause)).Msg("a subscription broke off")
			}
		}()
		for answer := next(); answer != nil; answer = next() {
			body, err := encode(answer)
			if err != nil {
				zerolog.Ctx(ctx).Error().Err(err).Msg("a subscription broke off")
				return
			}
			select {
			case answers <- body:
			case <-ctx.Done():
				return
			}
		}
	}()
	return answers
}

func encode(answer *graphql.Response) (string, error) {
	body, err := json.Marshal(answer)
	if err != nil {
		return "", fmt.Errorf("encode an event: %w", err)
	}
	return string(body), nil
}

// stillAllowed returns an error if the sender of a stream's request is no longer authorized. It
// returns nil if that cannot be determined.
func (a *api) stillAllowed(r *http.Request) error {
	c, refused := a.identify(r)
	if refused != nil {
		return trip2g.Errorf(trip2g.EFORBIDDEN, "%s", refused.message)
	}
	switch trip2g.ErrorCode(c.refused) {
	case trip2g.EUNAUTHORIZED, trip2g.EFORBIDDEN:
		return c.refused
	default:
		return nil
	}
}
