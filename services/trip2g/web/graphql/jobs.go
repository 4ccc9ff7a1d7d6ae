package graphql

import (
	"context"
	"time"
)

// Jobs implements QueryResolver.
func (r *resolver) Jobs(ctx context.Context) ([]Job, error) {
	jobs, err := r.api.Jobs.Jobs(ctx)
	if err != nil {
		return nil, asError(err)
	}
	out := make([]Job, len(jobs))
	for i, j := range jobs {
		out[i] = Job{
			Name: j.Name, About: j.About, Running: j.Running, LastError: j.Last.Error,
			LastStartedAt: optionalTime(j.Last.StartedAt), LastFinishedAt: optionalTime(j.Last.FinishedAt),
		}
		if j.Every > 0 {
			seconds := int(j.Every / time.Second)
			out[i].EverySeconds = &seconds
		}
	}
	return out, nil
}

// RunJob implements MutationResolver.
func (r *resolver) RunJob(ctx context.Context, input RunJobInput) (RunJobOrErrorPayload, error) {
	if err := r.api.Jobs.StartJob(ctx, input.Name); err != nil {
		return fail[RunJobOrErrorPayload](ctx, err)
	}
	return &RunJobPayload{Success: true}, nil
}
