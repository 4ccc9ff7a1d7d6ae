package trip2g

import "context"

// SignInService signs people in by a code that is sent to them. Only users can sign in; nothing
// that a caller sees tells whether an address is a user's.
type SignInService interface {
	// RequestCode sends a code to the address if it is a user's. EINVALID for what is no address,
	// EUNAVAILABLE if the address or the client asks too often. clientAddr is "IP" or "IP:port".
	RequestCode(ctx context.Context, email, clientAddr string) error
	// SignIn takes a code and gives a session and its token, which is stored nowhere. EUNAUTHORIZED
	// for a wrong, used or old code, EUNAVAILABLE if the client guesses too often.
	SignIn(ctx context.Context, email, code, clientAddr string) (token string, session Session, position Position, err error)
	// SignOut ends a session.
	SignOut(ctx context.Context, session Session) (Position, error)
	// SessionFromToken finds the session of a token; EUNAUTHORIZED without one in date.
	SessionFromToken(ctx context.Context, token string) (Session, error)
}

// KeyAuthenticator tells whose an API key is.
type KeyAuthenticator interface {
	// Authenticate finds the key in force with this secret; EUNAUTHORIZED without one.
	Authenticate(ctx context.Context, secret string) (APIKey, error)
}
