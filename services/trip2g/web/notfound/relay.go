package notfound

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"trip2g/internal/forward"
	"trip2g/services/trip2g"
)

// RelayPath is where a leader takes its replicas' batches, on its internal port.
const RelayPath = "/_system/nodes/missing"

// ToLeader is a replica's Store: its leader's.
type ToLeader struct {
	Messenger *forward.Messenger
	Suspended func() error // an error keeps the counts here; nil: never
}

// AddNotFound is Store's.
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

// FromReplicas gives the leader's forward.MessageFunc of RelayPath. A batch is written before it is
// answered: one that is sent to the next leader again is known there.
func FromReplicas(store Store) forward.MessageFunc {
	return func(ctx context.Context, _ string, text []byte) (any, error) {
		var batch trip2g.NotFoundBatch
		if err := json.Unmarshal(text, &batch); err != nil {
			return nil, &forward.MessageError{Status: http.StatusBadRequest, Text: "the counts are no JSON of their kind"}
		}
		if err := batch.Validate(); err != nil {
			return nil, &forward.MessageError{Status: http.StatusBadRequest, Text: trip2g.ErrorMessage(err)}
		}
		// A replica that no longer waits will ask again: what was begun is better ended.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushFor)
		defer cancel()
		return nil, store.AddNotFound(ctx, batch)
	}
}
