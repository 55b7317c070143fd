package main

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"net/http"
	"sync"
)

// logins maps session cookies to users. If your program has sessions, use those.
type logins struct {
	passwords map[string]string // by user; in a real program, hashed

	mu     sync.Mutex
	tokens map[string]*login
}

// A login ends at the logout. Its streams end with it.
type login struct {
	user  string
	ended context.Context // the lifetime of the login, not of a call
	end   context.CancelFunc
}

const cookieName = "session"

var errNoLogin = errors.New("there is no login")

func newLogins(passwords map[string]string) *logins {
	return &logins{passwords: passwords, tokens: map[string]*login{}}
}

// of returns the login of a request.
func (l *logins) of(r *http.Request) (*login, error) {
	cookie, err := r.Cookie(cookieName)
	if err != nil {
		return nil, errNoLogin
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if found := l.tokens[cookie.Value]; found != nil {
		return found, nil
	}
	return nil, errNoLogin
}

// login answers a POST of a form with user and password.
func (l *logins) login(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 4<<10)
	user, password := r.PostFormValue("user"), r.PostFormValue("password")
	want, known := l.passwords[user]
	if subtle.ConstantTimeCompare([]byte(password), []byte(want)) != 1 || !known {
		http.Error(w, "wrong user or password", http.StatusUnauthorized)
		return
	}
	token := rand.Text()
	ended, end := context.WithCancel(context.Background())
	l.mu.Lock()
	l.tokens[token] = &login{user: user, ended: ended, end: end}
	l.mu.Unlock()
	// EventSource cannot set headers, but it sends cookies.
	http.SetCookie(w, &http.Cookie{
		Name: cookieName, Value: token, Path: "/", HttpOnly: true, Secure: r.TLS != nil, SameSite: http.SameSiteStrictMode,
	})
	w.WriteHeader(http.StatusNoContent)
}

// logout ends the login of a request, and its streams.
func (l *logins) logout(w http.ResponseWriter, r *http.Request) {
	if cookie, err := r.Cookie(cookieName); err == nil {
		l.mu.Lock()
		if found := l.tokens[cookie.Value]; found != nil {
			found.end()
			delete(l.tokens, cookie.Value)
		}
		l.mu.Unlock()
	}
	http.SetCookie(w, &http.Cookie{Name: cookieName, Path: "/", MaxAge: -1})
	w.WriteHeader(http.StatusNoContent)
}

// stream serves the broadcast until the browser leaves or its user logs out.
func (r *relay) stream(w http.ResponseWriter, req *http.Request) {
	if login, err := r.logins.of(req); err == nil {
		ctx, cancel := context.WithCancel(req.Context())
		defer cancel()
		defer context.AfterFunc(login.ended, cancel)() //nolint:contextcheck // the logout ends the stream
		req = req.WithContext(ctx)
	}
	r.board.ServeHTTP(w, req)
}
