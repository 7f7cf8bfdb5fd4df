from localhub.cli import main

main()
