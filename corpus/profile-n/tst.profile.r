profile:::profile-97

