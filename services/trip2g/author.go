package trip2g

import (
	"strconv"
	"strings"
)

// Author identifies the API key or the user that wrote something. The database stores it as text:
// "key:12" or "user:3". "" is nobody.
type Author string

const (
	keyAuthor  = "key:"
	userAuthor = "user:"
)

// KeyAuthor returns the author that is the API key with an id.
func KeyAuthor(id int64) Author { return Author(keyAuthor + strconv.FormatInt(id, 10)) }

// UserAuthor returns the author that is the user with an id.
func UserAuthor(id int64) Author { return Author(userAuthor + strconv.FormatInt(id, 10)) }

// KeyID returns the id of the API key. ok is false if the author is not a key.
func (a Author) KeyID() (id int64, ok bool) { return a.id(keyAuthor) }

// UserID returns the id of the user. ok is false if the author is not a user.
func (a Author) UserID() (id int64, ok bool) { return a.id(userAuthor) }

func (a Author) id(prefix string) (id int64, ok bool) {
	digits, ok := strings.CutPrefix(string(a), prefix)
	if !ok {
		return 0, false
	}
	id, err := strconv.ParseInt(digits, 10, 64)
	return id, err == nil
}
