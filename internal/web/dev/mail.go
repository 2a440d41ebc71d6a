package dev

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"

	"github.com/mortise-auth/mortise/internal/mail"
	"github.com/mortise-auth/mortise/internal/web"
	"github.com/mortise-auth/mortise/internal/web/page"
)

// mailbox is GET /dev/mail, newest first.
func (s surface) mailbox(w http.ResponseWriter, r *http.Request) error {
	var all []page.Mail
	for _, e := range s.o.Mailbox.List() {
		all = append(all, view(e))
	}
	return s.o.Desk.Show(w, r, http.StatusOK, page.Mailbox{Messages: all})
}

func view(e mail.Entry) page.Mail {
	m := page.Mail{ID: e.ID, To: e.To, Channel: e.Channel, Subject: e.Subject, Text: e.Text, HTML: e.HTML != "", Code: e.Code, At: e.At}
	if m.Channel == "email" {
		m.Channel = "mail" // the name of its picture
	}
	for _, l := range e.Links {
		m.Links = append(m.Links, page.Link(l))
	}
	return m
}

// document is GET /dev/mail.json, in the shape that contract and mail.Entry fix.
func (s surface) document(w http.ResponseWriter, _ *http.Request) error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(s.o.Mailbox.List()); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	_, err := b.WriteTo(w)
	return err
}

// letter is GET /dev/mail/{id}.
func (s surface) letter(w http.ResponseWriter, r *http.Request) error {
	e, err := s.find(r)
	if err != nil {
		return err
	}
	return s.o.Desk.Show(w, r, http.StatusOK, page.Letter{Mail: view(e)})
}

// letterPolicy lets a message do nothing but look like itself (SE-40).
const letterPolicy = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"

// html is GET /dev/mail/{id}/html: the message itself, for the frame in its page.
func (s surface) html(w http.ResponseWriter, r *http.Request) error {
	e, err := s.find(r)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Security-Policy", letterPolicy)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, err = io.WriteString(w, e.HTML)
	return err
}

func (s surface) find(r *http.Request) (mail.Entry, error) {
	for _, e := range s.o.Mailbox.List() {
		if e.ID == r.PathValue("id") {
			return e, nil
		}
	}
	return mail.Entry{}, web.ErrNotFound
}
