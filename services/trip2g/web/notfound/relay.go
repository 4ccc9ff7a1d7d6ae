package notfound

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"trip2g/internal/forward"
	"trip2g/services/trip2g"
	"trip2g/services/trip2g/web/httpx"
)

// RelayPath is the path of the leader's endpoint for batches, on its internal port.
const RelayPath = trip2g.SystemPrefix + "nodes/missing"

// ToLeader is a replica's Store. It sends batches to the leader.
type ToLeader struct {
	Messenger *forward.Messenger
	Suspended func() error // an error keeps the counts here; may be nil
}

// AddNotFound implements Store.
func (l ToLeader) AddNotFound(ctx context.Context, batch trip2g.NotFoundBatch) error {
	if l.Suspended != nil {
		if err := l.Suspended(); err != nil {
			return err
		}
	}
	err := l.Messenger.Send(ctx, RelayPath, batch, nil)
	if refused := new(forward.MessageError); errors.As(err, &refused) && refused.Status == http.StatusBadRequest {
		return &trip2g.Error{Code: trip2g.EINVALID, Message: "the leader refused the counts", Err: err}
	}
	return err
}

// FromReplicas returns the leader's handler of RelayPath. It stores a batch before it responds, so
// that a later leader recognizes the batch if it is sent again.
func FromReplicas(store Store) forward.MessageFunc {
	return func(ctx context.Context, _ string, text []byte) (any, error) {
		var batch trip2g.NotFoundBatch
		if err := json.Unmarshal(text, &batch); err != nil {
			return nil, &forward.MessageError{Status: http.StatusBadRequest, Text: "the counts are no JSON of their kind"}
		}
		if err := batch.Validate(); err != nil {
			return nil, &forward.MessageError{Status: httpx.Status(err), Text: trip2g.ErrorMessage(err)}
		}
		// A replica that has disconnected retries the batch, so it is better to finish.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushFor)
		defer cancel()
		return nil, store.AddNotFound(ctx, batch)
	}
}
