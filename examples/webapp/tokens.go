package main

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"golang.org/x/oauth2"
)

// redeem changes a code for tokens and reads who it is.
func (a *app) redeem(ctx context.Context, code, nonce, verifier string) (session, error) {
	tokens, err := a.oauth.Exchange(ctx, code, oauth2.VerifierOption(verifier))
	if err != nil {
		return session{}, err
	}
	raw, _ := tokens.Extra("id_token").(string)
	id, err := a.ids.Verify(ctx, raw)
	if err != nil {
		return session{}, err
	}
	if id.Nonce != nonce {
		return session{}, errors.New("the ID token is of another sign-in")
	}
	var about struct{ SID string }
	if err := id.Claims(&about); err != nil {
		return session{}, err
	}
	info, err := a.userInfo(ctx, tokens)
	return session{Name: info.Name, Email: info.Email, sid: about.SID, token: raw}, err
}

type userInfo struct{ Name, Email string }

// userInfo asks for what the scopes profile and email stand for.
func (a *app) userInfo(ctx context.Context, tokens *oauth2.Token) (info userInfo, err error) {
	resp, err := a.oauth.Client(ctx, tokens).Get(a.issuer + "/oauth2/userinfo")
	if err != nil {
		return userInfo{}, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return userInfo{}, errors.New("userinfo: " + resp.Status)
	}
	return info, json.NewDecoder(resp.Body).Decode(&info)
}

// backchannel is told by Mortise that a session ended there, whatever ended it.
func (a *app) backchannel(w http.ResponseWriter, r *http.Request) {
	token, err := a.ids.Verify(r.Context(), r.PostFormValue("logout_token"))
	var about struct {
		SID, Nonce string
		Events     map[string]any
	}
	if err == nil {
		err = token.Claims(&about)
	}
	_, ends := about.Events["http://schemas.openid.net/event/backchannel-logout"]
	if err != nil || !ends || about.Nonce != "" || about.SID == "" {
		http.Error(w, "not a logout token", http.StatusBadRequest)
		return
	}
	a.end(func(s session) bool { return s.sid == about.SID })
}
