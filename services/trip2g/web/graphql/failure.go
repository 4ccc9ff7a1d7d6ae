package graphql

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"

	"github.com/99designs/gqlgen/graphql"
	"github.com/rs/zerolog"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/web/httpx"
)

// refusal is the error of a request that is refused before its operation runs.
type refusal struct {
	status  int
	message string
}

func (r *refusal) Error() string { return r.message }

// refusalOf returns the refusal of a request that failed with err.
func refusalOf(err error) *refusal { return &refusal{httpx.Status(err), trip2g.ErrorMessage(err)} }

// refuse responds with a refusal as a GraphQL error.
func refuse(w http.ResponseWriter, r *refusal) {
	// Strings always marshal.
	body, _ := json.Marshal(map[string]any{"errors": []map[string]string{{"message": r.message}}})
	w.Header().Set("Content-Type", "application/json")
	if r.status == http.StatusServiceUnavailable {
		httpx.SetErrorHeader(w.Header(), trip2g.Errorf(trip2g.EUNAVAILABLE, "%s", r.message))
	}
	w.WriteHeader(r.status)
	w.Write(body)
}

// fail returns a mutation's result for err. An expected failure, after which nothing was written,
// is an ErrorPayload. An internal error and an unknown outcome are errors of the response. P is the
// mutation's union, which has *ErrorPayload as a member.
func fail[P any](ctx context.Context, err error) (P, error) {
	payload, err := errorPayload(ctx, err)
	if err != nil {
		var none P
		return none, err
	}
	return any(payload).(P), nil
}

// errorPayload returns the payload of an expected failure, or the error of any other.
func errorPayload(ctx context.Context, err error) (*ErrorPayload, error) {
	switch trip2g.ErrorCode(err) {
	case trip2g.EINTERNAL:
		return nil, internal(err)
	case trip2g.EINDETERMINATE:
		return nil, err
	}
	logCause(ctx, err)
	payload := &ErrorPayload{Code: trip2g.ErrorCode(err), Message: trip2g.ErrorMessage(err), ByFields: []FieldMessage{}}
	for _, field := range trip2g.ErrorFields(err) {
		payload.ByFields = append(payload.ByFields, FieldMessage{Name: field.Name, Value: field.Value})
	}
	return payload, nil
}

// logCause logs the cause of an expected failure such as a full disk, which the client does not
// see.
func logCause(ctx context.Context, err error) {
	var domain *trip2g.Error
	if errors.As(err, &domain) && (domain.Code == trip2g.EUNAVAILABLE || domain.Code == trip2g.EINDETERMINATE) && domain.Err != nil {
		zerolog.Ctx(ctx).Warn().Err(err).Msg("the API cannot do this now")
	}
}

// internal marks an error as internal, so that present distinguishes it from gqlgen's.
func internal(err error) error {
	return &trip2g.Error{Code: trip2g.EINTERNAL, Message: "unexpected", Err: err}
}

// present returns the entry of an error in the response: the message of a domain error, a generic
// one for an internal error, and gqlgen's own errors, which are about the request, unchanged.
func present(ctx context.Context, err error) *gqlerror.Error {
	var domain *trip2g.Error
	if !errors.As(err, &domain) {
		return graphql.DefaultErrorPresenter(ctx, err)
	}
	if domain.Code == trip2g.EINTERNAL {
		event := zerolog.Ctx(ctx).Error()
		if errors.Is(err, context.Canceled) {
			event = zerolog.Ctx(ctx).Debug()
		}
		event.Err(domain.Err).Stringer("graphql_path", graphql.GetPath(ctx)).Msg("the API could not answer")
	}
	logCause(ctx, err)
	shown := gqlerror.WrapPath(graphql.GetPath(ctx), errors.New(trip2g.ErrorMessage(err)))
	shown.Err = nil
	shown.Extensions = map[string]any{"code": domain.Code}
	return shown
}

// recovered returns the internal error of a panic, with the stack.
func recovered(_ context.Context, cause any) error {
	return internal(fmt.Errorf("panic: %v\n%s", cause, debug.Stack()))
}
