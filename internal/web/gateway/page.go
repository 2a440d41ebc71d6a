package gateway

import (
	"crypto/sha256"
	"encoding/base64"
	"html"
	"net/http"
	"strings"

	"github.com/mortise-auth/mortise/internal/problem"
)

// style is all there is to pages on hosts that are not ours: none of our files
// may be loaded there.
const style = "html{color-scheme:light dark}body{font:1rem/1.5 system-ui,sans-serif;max-width:32rem;margin:15vh auto;padding:0 1rem;overflow-wrap:anywhere}h1{font-size:1.4rem}small{opacity:.8}"

// policy lets a page do nothing but look like that.
var policy = func() string {
	sum := sha256.Sum256([]byte(style))
	return "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}()

// page writes a page of a heading and paragraphs of HTML.
func page(w http.ResponseWriter, status int, title string, paragraphs ...string) error {
	head := w.Header()
	head.Set("Content-Type", "text/html; charset=utf-8")
	head.Set("Content-Security-Policy", policy)
	var b strings.Builder
	b.WriteString("<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>" +
		html.EscapeString(title) + "</title><style>" + style + "</style><main><h1>" + html.EscapeString(title) + "</h1>")
	for _, p := range paragraphs {
		b.WriteString("<p>" + p + "</p>")
	}
	b.WriteString("</main></html>\n")
	w.WriteHeader(status)
	_, err := w.Write([]byte(b.String()))
	return err
}

// apologize is the page of a refusal; why is the code to tell an administrator.
func (h *Handler) apologize(w http.ResponseWriter, status int, p *problem.Error, why string) {
	small := "<small id=\"error-code\">" + html.EscapeString(p.Code) + "</small>"
	text := []string{html.EscapeString(p.Public), small}
	if why != "" {
		text = append(text, "An administrator can find out more by this code: <strong id=\"why\">"+html.EscapeString(why)+"</strong>")
	}
	_ = page(w, status, "That did not work", append(text, "<a href=\"/\">Start again</a>")...) // a proxy that is gone needs no page
}
