package auth

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/rs/zerolog"

	"trip2g/services/trip2g"
)

// beginSession creates a session of an authenticated user.
func (s *SignIn) beginSession(ctx context.Context, user trip2g.User, client trip2g.Client) (token string, session trip2g.Session, position trip2g.Position, err error) {
	token, now := newToken(), s.Now()
	session, position, err = s.Users.CreateSession(ctx, trip2g.Session{
		TokenHash: trip2g.TokenHash(token), User: user, UserAgent: cleanUserAgent(client.UserAgent), Address: clientIP(client.Addr),
		CreatedAt: now, ExpiresAt: now.Add(SessionLifetime),
	})
	if err != nil {
		return "", trip2g.Session{}, 0, fmt.Errorf("create a session: %w", err)
	}
	s.follow(ctx)
	return token, session, position, nil
}

// SignOut implements trip2g.SignInService.
func (s *SignIn) SignOut(ctx context.Context, session trip2g.Session) (trip2g.Position, error) {
	position, err := s.Users.DeleteSession(ctx, session.ID)
	if err != nil {
		return 0, fmt.Errorf("end a session: %w", err)
	}
	s.follow(ctx)
	return position, nil
}

// SessionFromToken implements trip2g.SignInService.
func (s *SignIn) SessionFromToken(ctx context.Context, token string) (trip2g.Session, error) {
	if token == "" || len(token) > maxTokenLength {
		return trip2g.Session{}, trip2g.Errorf(trip2g.EUNAUTHORIZED, "not signed in, or the session has ended; sign in again")
	}
	return s.Users.SessionByTokenHash(ctx, trip2g.TokenHash(token), s.Now())
}

func (s *SignIn) follow(ctx context.Context) { followSessions(ctx, s.Refresh, s.Log) }

// followSessions updates the site after a change of sessions. It only logs an error, because the change
// is stored and the site will follow it later.
func followSessions(ctx context.Context, refresh func(context.Context) (trip2g.Position, error), log zerolog.Logger) {
	if _, err := refresh(ctx); err != nil && ctx.Err() == nil {
		log.Error().Err(err).Msg("follow after a change of sessions")
	}
}

// cleanUserAgent returns the stored form of a User-Agent: valid UTF-8 of limited length without control
// characters.
func cleanUserAgent(text string) string {
	text = strings.ToValidUTF8(text[:min(len(text), trip2g.MaxUserAgent)], "")
	return strings.TrimSpace(trip2g.ReplaceControls(text))
}

// newToken returns 256 random bits in unpadded URL-safe base64.
func newToken() string {
	b := make([]byte, tokenLength)
	rand.Read(b) // never fails: crypto/rand ends the process instead
	return base64.RawURLEncoding.EncodeToString(b)
}
