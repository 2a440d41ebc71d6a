package postgres_test

import (
	"context"
	"log"

	"github.com/mortise-auth/mortise/storage/postgres"
)

func ExampleOpen() {
	dsn := "postgres://app@db.example.org/app?sslmode=verify-full"
	st, err := postgres.Open(context.Background(), dsn, postgres.Options{Schema: "auth"})
	if err != nil {
		log.Print(err)
		return
	}
	defer st.Close()
}
