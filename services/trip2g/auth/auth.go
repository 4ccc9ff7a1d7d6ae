// Package auth knows who asks: people by a code sent to their address, programs by an API key.
// It runs on the leader.
package auth

import (
	"context"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/big"
	"net/mail"
	"strings"
	"time"
	"unicode"

	"github.com/cenkalti/backoff/v5"
	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"

	"trip2g/services/trip2g"
)

const (
	CodeDigits      = 8
	CodeLifetime    = 10 * time.Minute
	CodeAttempts    = 5 // wrong guesses after which a code is void
	SessionLifetime = 30 * 24 * time.Hour

	maxEmailLength = 254 // RFC 5321, section 4.5.3.1.3, less the angle brackets
	maxTokenLength = 128 // bytes; ours have 43
	tokenBytes     = 32

	// failureTime is how long a refused sign-in takes at least. A wrong guess is counted in the
	// database if there is a code and only then; without a floor the time would tell which
	// addresses are users'.
	failureTime = 100 * time.Millisecond

	outboxSize  = 64
	prepareTime = 30 * time.Second // to look for a user and store a code

	// A mail with a code is tried a few times within a time in which somebody still waits for it. It is kept
	// in memory: in the queue of jobs a code would be in the database, for whoever gets hold of a copy.
	mailTries   = 4
	mailTime    = 2 * time.Minute
	mailsAtOnce = 8 // a slow mail server is no reason to let others wait
)

// Rate limits: a burst, then one per interval. They count by client first, so that no client can use up what
// others need: codeRate is for one client and one address, and addressRate, which bounds the mails to an
// address, is several times that. With a code of 10^8 values and its 5 guesses, four new codes a minute make
// guessers wait 4.7 years for an even chance, and one client 19.
var (
	codeRate    = perInterval{burst: 5, interval: time.Minute}
	addressRate = perInterval{burst: 30, interval: 15 * time.Second}
	requestRate = perInterval{burst: 30, interval: 10 * time.Second}
	signInRate  = perInterval{burst: 30, interval: 5 * time.Second}
)

// Mailer delivers a sign-in code to an address. What fails is tried again, but for EINVALID: the address
// was refused for good.
type Mailer func(ctx context.Context, email, code string) error

// LogMailer writes codes to the server's log, at every log level: the way to sign in on a server
// that has no mail.
func LogMailer(log zerolog.Logger) Mailer {
	return func(_ context.Context, email, code string) error {
		log.Log().Str("email", email).Str("code", code).Msgf("sign-in code, valid for %.0f minutes", CodeLifetime.Minutes())
		return nil
	}
}

// Options is what a SignIn is made of. All but Now are needed.
type Options struct {
	Users trip2g.UserStore
	Mail  Mailer
	Log   zerolog.Logger
	// Secret keys the stored hashes of codes: 10^8 codes could else be tried against a stolen
	// database. Any secret of the server does; it is used through HKDF.
	Secret []byte
	// Refresh makes this node's site follow the database, so that a new session counts at once.
	Refresh func(context.Context) (trip2g.Position, error)
	Now     func() time.Time // nil: time.Now
	// RetryMailAfter is how long a mail that failed waits; a further one twice as long. 0: 2 seconds.
	RetryMailAfter time.Duration
}

// SignIn implements trip2g.SignInService. Run delivers what it sends.
type SignIn struct {
	Options
	codeKey  []byte
	outbox   chan wish
	requests *limiter // by client
	codes    *limiter // by client and address
	byEmail  *limiter
	signIns  *limiter // by client
}

// wish is an address for which a browser asked for a code.
type wish struct{ email, browser string }

var _ trip2g.SignInService = (*SignIn)(nil)

// NewSignIn makes the service.
func NewSignIn(o Options) (*SignIn, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.RetryMailAfter == 0 {
		o.RetryMailAfter = 2 * time.Second
	}
	if len(o.Secret) == 0 {
		return nil, fmt.Errorf("sign-in needs a secret to key codes with")
	}
	key, err := hkdf.Key(sha256.New, o.Secret, nil, "trip2g sign-in code v1", sha256.Size)
	if err != nil {
		return nil, fmt.Errorf("derive the key of sign-in codes: %w", err)
	}
	return &SignIn{
		Options:  o,
		codeKey:  key,
		outbox:   make(chan wish, outboxSize),
		requests: newLimiter(requestRate, o.Now),
		codes:    newLimiter(codeRate, o.Now),
		signIns:  newLimiter(signInRate, o.Now),
		byEmail:  newLimiter(addressRate, o.Now),
	}, nil
}

// RequestCode is trip2g.SignInService's. It only notes the wish: looking the address up, storing a
// code and sending it happens in Run, so that neither answer nor time tells whether it is a user's.
func (s *SignIn) RequestCode(ctx context.Context, email string, client trip2g.Client) error {
	email, err := normaliseEmail(email)
	if err != nil {
		return err
	}
	if err := s.requests.take(clientKey(client.Addr)); err != nil {
		return err
	}
	if err := s.codes.take(siteKey(client.Addr) + " " + email); err != nil {
		return err
	}
	if err := s.byEmail.take(email); err != nil {
		return err
	}
	owned, err := s.Users.HasOwner(ctx)
	if err != nil {
		return fmt.Errorf("look for an owner: %w", err)
	}
	if !owned {
		return trip2g.Errorf(trip2g.EFORBIDDEN, "%s", trip2g.NoOwner)
	}
	select {
	case s.outbox <- wish{email, browserKey(client)}:
		return nil
	default:
		return &trip2g.Error{
			Code: trip2g.EUNAVAILABLE, Message: "too many people are signing in; try again in a minute", RetryAfter: time.Minute,
		}
	}
}

// Run sends the codes that were asked for until ctx ends; it gives nil then.
func (s *SignIn) Run(ctx context.Context) error {
	var mails errgroup.Group
	mails.SetLimit(mailsAtOnce)
	for {
		select {
		case <-ctx.Done():
			return mails.Wait()
		case wish := <-s.outbox:
			to, code, err := s.prepare(ctx, wish)
			switch {
			case err != nil && ctx.Err() == nil:
				s.Log.Error().Err(err).Msg("a sign-in code could not be made")
			case err == nil && code != "":
				mails.Go(func() error { s.mail(ctx, to, code); return nil })
			}
		}
	}
}

// prepare makes and stores a code if the address is a user's, and gives "" if it is not.
func (s *SignIn) prepare(ctx context.Context, w wish) (to, code string, err error) {
	ctx, cancel := context.WithTimeout(ctx, prepareTime)
	defer cancel()
	user, err := s.Users.UserByEmail(ctx, w.email)
	if trip2g.ErrorCode(err) == trip2g.ENOTFOUND {
		return "", "", nil
	}
	if err != nil {
		return "", "", fmt.Errorf("look for the user: %w", err)
	}
	n, err := rand.Int(rand.Reader, big.NewInt(100_000_000))
	if err != nil {
		return "", "", fmt.Errorf("make a code: %w", err)
	}
	code = fmt.Sprintf("%0*d", CodeDigits, n)
	stored := trip2g.SignInCode{Email: user.Email, Browser: w.browser, Hash: s.codeHash(user.Email, code), ExpiresAt: s.Now().Add(CodeLifetime)}
	if err := s.Users.PutSignInCode(ctx, stored); err != nil {
		return "", "", fmt.Errorf("store a code: %w", err)
	}
	return user.Email, code, nil
}

// mail sends a code, several times if need be.
func (s *SignIn) mail(ctx context.Context, to, code string) {
	wait := backoff.NewExponentialBackOff()
	wait.InitialInterval, wait.Multiplier = s.RetryMailAfter, 2
	_, err := backoff.Retry(ctx, func() (struct{}, error) {
		err := s.Mail(ctx, to, code)
		if trip2g.ErrorCode(err) == trip2g.EINVALID {
			err = backoff.Permanent(err)
		}
		return struct{}{}, err
	}, backoff.WithBackOff(wait), backoff.WithMaxTries(mailTries), backoff.WithMaxElapsedTime(mailTime))
	if err != nil && ctx.Err() == nil {
		s.Log.Error().Err(err).Str("email", to).Msg("a sign-in code could not be mailed: see to the TRIP2G_SMTP_ settings; without them codes are in this log")
	}
}

// SignIn is trip2g.SignInService's.
func (s *SignIn) SignIn(ctx context.Context, email, code string, client trip2g.Client) (string, trip2g.Session, trip2g.Position, error) {
	if err := s.signIns.take(clientKey(client.Addr)); err != nil {
		return "", trip2g.Session{}, 0, err
	}
	floor := time.After(failureTime)
	token, session, position, err := s.signIn(ctx, email, code, client)
	if err != nil {
		select {
		case <-floor:
		case <-ctx.Done():
		}
	}
	return token, session, position, err
}

func (s *SignIn) signIn(ctx context.Context, email, code string, client trip2g.Client) (token string, session trip2g.Session, position trip2g.Position, err error) {
	refused := trip2g.Errorf(trip2g.EUNAUTHORIZED, "the code is wrong or out of date, or another browser asked for it; ask for a new one here")
	email, err = normaliseEmail(email)
	if err != nil {
		return "", trip2g.Session{}, 0, err
	}
	guess := trip2g.SignInCode{Email: email, Browser: browserKey(client), Hash: s.codeHash(email, cleanCode(code))}
	err = s.Users.TakeSignInCode(ctx, guess, s.Now(), CodeAttempts)
	if trip2g.ErrorCode(err) == trip2g.EUNAUTHORIZED {
		return "", trip2g.Session{}, 0, refused
	}
	if err != nil {
		return "", trip2g.Session{}, 0, fmt.Errorf("take a sign-in code: %w", err)
	}
	user, err := s.Users.UserByEmail(ctx, email)
	if trip2g.ErrorCode(err) == trip2g.ENOTFOUND {
		return "", trip2g.Session{}, 0, refused
	}
	if err != nil {
		return "", trip2g.Session{}, 0, fmt.Errorf("find who signs in: %w", err)
	}
	return s.begin(ctx, user, client)
}

// begin creates a session of a user whose right to it is proven.
func (s *SignIn) begin(ctx context.Context, user trip2g.User, client trip2g.Client) (token string, session trip2g.Session, position trip2g.Position, err error) {
	token, now := newToken(), s.Now()
	session, position, err = s.Users.CreateSession(ctx, trip2g.Session{
		TokenHash: trip2g.TokenHash(token), User: user, UserAgent: shownUserAgent(client.UserAgent), Address: clientIP(client.Addr),
		CreatedAt: now, ExpiresAt: now.Add(SessionLifetime),
	})
	if err != nil {
		return "", trip2g.Session{}, 0, fmt.Errorf("create a session: %w", err)
	}
	s.follow(ctx)
	return token, session, position, nil
}

// SignOut is trip2g.SignInService's.
func (s *SignIn) SignOut(ctx context.Context, session trip2g.Session) (trip2g.Position, error) {
	position, err := s.Users.DeleteSession(ctx, session.ID)
	if err != nil {
		return 0, fmt.Errorf("end a session: %w", err)
	}
	s.follow(ctx)
	return position, nil
}

// SessionFromToken is trip2g.SignInService's.
func (s *SignIn) SessionFromToken(ctx context.Context, token string) (trip2g.Session, error) {
	if token == "" || len(token) > maxTokenLength {
		return trip2g.Session{}, trip2g.Errorf(trip2g.EUNAUTHORIZED, "not signed in, or the session has ended; sign in again")
	}
	return s.Users.SessionByTokenHash(ctx, trip2g.TokenHash(token), s.Now())
}

func (s *SignIn) follow(ctx context.Context) { followSessions(ctx, s.Refresh, s.Log) }

// followSessions lets the site know of a change of sessions. The change is stored: if this fails the
// site follows by itself a little later, which is no reason to refuse what was asked.
func followSessions(ctx context.Context, refresh func(context.Context) (trip2g.Position, error), log zerolog.Logger) {
	if _, err := refresh(ctx); err != nil && ctx.Err() == nil {
		log.Error().Err(err).Msg("follow after a change of sessions")
	}
}

// codeHash binds a code to its address: the same code of another address has another hash.
func (s *SignIn) codeHash(email, code string) string {
	mac := hmac.New(sha256.New, s.codeKey)
	mac.Write([]byte(email + "\x00" + code))
	return hex.EncodeToString(mac.Sum(nil))
}

// normaliseEmail gives a bare address in lower case.
func normaliseEmail(email string) (string, error) {
	email = strings.ToLower(strings.TrimSpace(email))
	parsed, err := mail.ParseAddress(email)
	if err != nil || parsed.Address != email || len(email) > maxEmailLength {
		return "", &trip2g.Error{
			Code:    trip2g.EINVALID,
			Message: "this is no e-mail address; give one like name@example.com",
			Fields:  []trip2g.FieldError{{Name: "email", Value: "is no e-mail address"}},
		}
	}
	return email, nil
}

// cleanCode takes a code as people copy it, with spaces or dashes.
func cleanCode(code string) string {
	return strings.NewReplacer(" ", "", "-", "", "\u00a0", "", "\t", "", "\n", "", "\r", "").Replace(code)
}

// shownUserAgent gives what is kept of a User-Agent: plain text, bounded.
func shownUserAgent(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text[:min(len(text), trip2g.MaxUserAgent)], ""))
	return strings.TrimSpace(text)
}

// newToken gives 256 random bits in URL-safe base64 without padding.
func newToken() string {
	b := make([]byte, tokenBytes)
	rand.Read(b) // never fails: crypto/rand ends the process instead
	return base64.RawURLEncoding.EncodeToString(b)
}
